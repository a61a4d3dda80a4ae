use shmrecord::ShmRecord;

#[derive(ShmRecord)]
#[repr(C)]
struct Quote {
    price: f64,
}

fn main() {}

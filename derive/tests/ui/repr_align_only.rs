use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(align(64))]
struct Quote {
    price: f64,
}

fn main() {}

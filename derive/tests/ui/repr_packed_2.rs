use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C, packed(2))]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C, align(8192))]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C, packed)]
struct Quote {
    price: f64,
}

fn main() {}

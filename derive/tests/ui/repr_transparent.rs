use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(transparent)]
struct Quote {
    price: f64,
}

fn main() {}

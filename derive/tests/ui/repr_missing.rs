use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
struct Quote {
    price: f64,
}

fn main() {}

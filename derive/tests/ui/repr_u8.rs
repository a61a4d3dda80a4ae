use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(u8)]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(unit = "USD", unit = "EUR")]
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm]
struct Quote {
    price: f64,
}

fn main() {}

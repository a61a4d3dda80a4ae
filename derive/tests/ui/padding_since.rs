use shmrecord::{Reserved, ShmRecord};

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 2)]
struct Quote {
    price: f64,
    #[shm(padding, since = 2)]
    later: Reserved<8>,
}

fn main() {}

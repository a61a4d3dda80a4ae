use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(name = 5)]
struct Quote {
    price: f64,
}

fn main() {}

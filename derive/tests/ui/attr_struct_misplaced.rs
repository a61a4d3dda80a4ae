use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(text)]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(name = "last trade")]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(nam = "Trade")]
struct Quote {
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(text)]
    price: f64,
}

fn main() {}

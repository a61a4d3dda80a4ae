use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(min = 2, max = 1)]
    price: i64,
}

fn main() {}

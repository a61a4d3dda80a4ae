use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 2)]
struct Quote {
    #[shm(since = 2, deprecated = 1)]
    price: i64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(exp = -9, time = "unix_s")]
    price: i64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(time = "unix_ns")]
    price: u32,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(time = "unix_s")]
    price: u16,
}

fn main() {}

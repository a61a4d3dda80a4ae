use shmrecord::{Reserved, ShmRecord};

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(padding)]
    later: Reserved<8>,
}

fn main() {}

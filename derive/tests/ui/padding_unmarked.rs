use shmrecord::{Reserved, ShmRecord};

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    volume: u64,
    later: Reserved<8>,
}

fn main() {}

use shmrecord::{ShmEnum, ShmRecord};

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
enum Phase {
    Auction = 1,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Inner {
    phase: Phase,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 2)]
struct Quote {
    always: Phase,
    #[shm(since = 1)]
    first: Phase,
    #[shm(since = 2)]
    phase: Phase,
    #[shm(since = 2)]
    inner: [Inner; 2],
}

fn main() {}

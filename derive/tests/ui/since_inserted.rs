use shmrecord::{Reserved, ShmRecord};

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 2)]
struct Quote {
    #[shm(since = 2)]
    a: u32,
    b: u32,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 3)]
struct Grown {
    state: u8,
    #[shm(since = 3)]
    in_a_hole: u16,
    price: f64,
    #[shm(since = 3)]
    venue: u64,
    #[shm(since = 2)]
    volume: u64,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
#[shm(version = 2)]
struct Pinned {
    #[shm(since = 2)]
    a: u32,
    #[shm(padding)]
    room: Reserved<4>,
    b: u64,
}

fn main() {}

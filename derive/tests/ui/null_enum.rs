use shmrecord::{ShmEnum, ShmRecord, flags, open_enum};

#[open_enum]
#[repr(u8)]
enum Side {
    BID = 1,
}

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
enum Phase {
    Closed = 0,
}

#[flags]
#[repr(u8)]
enum Flags {
    STALE = 3,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(null = 1)]
    side: Side,
    #[shm(null = 7)]
    phase: Phase,
    #[shm(null = 8)]
    flags: Flags,
    #[shm(null = 0)]
    other: Side,
    #[shm(null = "max")]
    others: Flags,
}

fn main() {}

use shmrecord::{ShmRecord, open_enum};

#[open_enum]
#[repr(u8)]
enum Side {
    BID = 1,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(null = 0, max = 3)]
    side: Side,
    #[shm(exp = -2)]
    other: [Side; 2],
}

fn main() {}

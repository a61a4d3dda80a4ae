use shmrecord::{ShmRecord, open_enum};

#[open_enum]
#[repr(u8)]
enum Side {
    BID = 1,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(text)]
    sides: [Side; 4],
}

fn main() {}

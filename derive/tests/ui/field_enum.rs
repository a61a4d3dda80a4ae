use shmrecord::ShmRecord;

#[derive(Clone, Copy)]
#[repr(u8)]
enum Side {
    Bid,
    Ask,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    side: Side,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(u8)]
enum Side {
    Bid,
    Ask,
}

fn main() {}

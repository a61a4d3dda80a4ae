use shmrecord::open_enum;

#[open_enum]
#[repr(u8)]
enum Side {
    BID = 1,
    ASK = 1,
}

fn main() {}

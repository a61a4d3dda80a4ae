use shmrecord::open_enum;

#[open_enum]
#[repr(u8)]
enum Side {
    BID = 256,
}

fn main() {}

use shmrecord::open_enum;

#[open_enum(u8)]
#[repr(u8)]
enum Side {
    BID = 1,
}

fn main() {}

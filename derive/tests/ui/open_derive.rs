use shmrecord::open_enum;

#[open_enum]
#[derive(Clone, Copy)]
#[repr(u8)]
enum Side {
    BID = 1,
}

fn main() {}

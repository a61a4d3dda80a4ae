use shmrecord::open_enum;

#[open_enum]
#[repr(C)]
enum Side {
    BID = 1,
}

fn main() {}

use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
enum Side {
    Bid(u8) = 1,
}

fn main() {}

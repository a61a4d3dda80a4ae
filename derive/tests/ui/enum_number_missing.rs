use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
enum Side {
    Bid = 1,
    Ask,
}

fn main() {}

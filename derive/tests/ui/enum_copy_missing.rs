use shmrecord::ShmEnum;

#[derive(ShmEnum)]
#[repr(u8)]
enum Side {
    Bid = 1,
}

fn main() {}

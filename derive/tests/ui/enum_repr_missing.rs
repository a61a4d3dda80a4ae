use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
enum Side {
    Bid = 1,
}

fn main() {}

use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
#[repr(usize)]
enum Side {
    Bid = 1,
}

fn main() {}

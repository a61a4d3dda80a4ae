use shmrecord::ShmEnum;

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
#[shm(unit = "USD")]
enum Side {
    #[shm(name = "1st")]
    Bid = 1,
}

fn main() {}

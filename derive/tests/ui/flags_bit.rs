use shmrecord::flags;

#[flags]
#[repr(u8)]
enum Side {
    BID = 8,
}

fn main() {}

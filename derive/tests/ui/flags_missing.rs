use shmrecord::flags;

#[flags]
#[repr(u8)]
enum Side {
    BID,
}

fn main() {}

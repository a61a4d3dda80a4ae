use shmrecord::flags;

#[flags]
#[repr(i8)]
enum Side {
    BID = 1,
}

fn main() {}

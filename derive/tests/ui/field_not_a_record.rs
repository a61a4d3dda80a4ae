use shmrecord::ShmRecord;

#[derive(Clone, Copy)]
struct Side {
    value: u8,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    side: Side,
}

fn main() {}

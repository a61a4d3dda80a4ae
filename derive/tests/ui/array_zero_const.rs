use shmrecord::ShmRecord;

const LENGTH: usize = 0;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    symbol: [u8; LENGTH],
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    symbol: [[u8; 65536]; 65536],
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote<const N: usize> {
    symbol: [u8; N],
}

fn main() {}

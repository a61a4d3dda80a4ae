use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(text = true)]
    symbol: [u8; 10],
}

fn main() {}

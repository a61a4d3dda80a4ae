use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(txt)]
    symbol: [u8; 10],
}

fn main() {}

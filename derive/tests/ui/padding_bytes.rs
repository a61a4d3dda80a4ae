use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    volume: u64,
    #[shm(padding)]
    later: [u8; 8],
}

fn main() {}

use shmrecord::ShmRecord;

type Later = [u8; 8];

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    volume: u64,
    #[shm(padding)]
    later: Later,
}

fn main() {}

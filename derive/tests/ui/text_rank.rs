use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(text)]
    symbols: [[u8; 10]; 4],
}

fn main() {}

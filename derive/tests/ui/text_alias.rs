use shmrecord::ShmRecord;

type Letter = u16;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(text)]
    symbol: [Letter; 10],
}

fn main() {}

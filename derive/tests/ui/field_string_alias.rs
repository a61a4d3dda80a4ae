use shmrecord::ShmRecord;

type Symbol = String;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    symbol: Symbol,
}

fn main() {}

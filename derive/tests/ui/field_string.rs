use shmrecord::ShmRecord;

#[derive(ShmRecord)]
#[repr(C)]
struct Quote {
    symbol: String,
}


fn main() {}

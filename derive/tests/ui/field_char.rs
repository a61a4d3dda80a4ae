use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    side: char,
}

fn main() {}

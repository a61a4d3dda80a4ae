use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    delta: isize,
}

fn main() {}

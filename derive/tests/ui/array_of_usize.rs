use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    counts: [[usize; 2]; 3],
}

fn main() {}

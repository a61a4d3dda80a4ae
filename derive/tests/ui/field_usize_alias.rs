use shmrecord::ShmRecord;

type Count = usize;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    count: [Count; 4],
}

fn main() {}

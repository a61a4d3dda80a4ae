use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    cube: [[[[[u8; 2]; 2]; 2]; 2]; 2],
}

fn main() {}

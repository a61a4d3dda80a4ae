use shmrecord::ShmRecord;

type Cube = [[[[u8; 2]; 2]; 2]; 2];

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    cubes: [Cube; 2],
}

fn main() {}

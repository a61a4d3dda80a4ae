use shmrecord::ShmRecord;

#[derive(ShmRecord)]
#[repr(C)]
struct Quote {
    levels: [f64],
}


fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord)]
#[repr(C)]
struct Quote {
    levels: Vec<f64>,
}


fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    last: Option<f64>,
}

fn main() {}

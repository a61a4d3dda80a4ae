use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
union Value {
    integer: u64,
    float: f64,
}

fn main() {}

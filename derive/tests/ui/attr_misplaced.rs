use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(crate = "elsewhere")]
    price: f64,
}

fn main() {}

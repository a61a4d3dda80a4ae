use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(rename = "last", unit = "USD")]
    price: f64,
}

fn main() {}

use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(colour = "red", unit = "USD")]
    price: f64,
}

fn main() {}

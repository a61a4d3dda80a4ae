use shmrecord::ShmRecord;

#[derive(ShmRecord)]
#[repr(C)]
struct Quote {
    price: std::boxed::Box<f64>,
}


fn main() {}

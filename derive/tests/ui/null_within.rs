use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    #[shm(null = 5, max = 10)]
    depth: u32,
    #[shm(null = -1.0, min = -273.15)]
    celsius: [f32; 2],
    #[shm(null = "max", max = 10)]
    fine: u32,
    #[shm(null = "nan", min = 0)]
    ratio: f64,
}

fn main() {}

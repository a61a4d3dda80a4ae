use shmrecord::ShmRecord;

#[derive(ShmRecord, Clone, Copy)]
#[shm(nam = "Trade")]
struct Quote<'a> {
    #[shm(txt)]
    symbol: &'a str,
    count: usize,
    #[shm(unit = "USD", unit = "")]
    price: Option<f64>,
    levels: [(f64, u32); 0],
}

fn main() {}

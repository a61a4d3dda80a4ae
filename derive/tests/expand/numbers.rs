/// The last price.
#[repr(C)]
#[shm(version = 3)]
pub struct Last {
    #[shm(exp = -9, unit = "USD", null = "max", min = -1, max = 1_000_000)]
    pub price: i64,
    #[shm(time = "unix_ns", since = 2)]
    pub at: u64,
    #[shm(null = "nan", max = 0.5, since = 2, deprecated = 3)]
    pub ratio: [f32; 2],
}

/// Last trade of one instrument.
#[repr(C)]
pub struct MarketData {
    /// NUL-padded ticker
    #[shm(text)]
    pub symbol: [u8; 10],
    #[shm(unit = "USD")]
    pub price: f64,
}

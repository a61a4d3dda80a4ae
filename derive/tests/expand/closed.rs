/// Of the trading day.
#[derive(Clone, Copy)]
#[repr(i16)]
#[shm(name = "TradingPhase")]
pub enum Phase {
    /// Nothing is traded.
    Closed = -1,
    #[shm(name = "Auction")]
    InAuction = 1 << 4,
}

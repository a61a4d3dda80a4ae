/// Who wanted it.
#[derive(Default)]
#[repr(u8)]
pub enum Side {
    /// Buyers.
    BID = b'B',
    #[shm(name = "Ask")]
    ASK = b'A',
}

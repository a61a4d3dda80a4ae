#[repr(u16)]
pub(crate) enum State {
    /// Too old.
    STALE = 1,
    #[deprecated]
    CROSSED = 15,
}

#[repr(C)]
#[shm(name = "Book", crate = "facade::shm")]
pub(crate) struct OrderBook {
    pub(crate) best: Level,
    pub(crate) r#type: u16,
    levels: [[Level; 2]; Self::DEPTH],
}

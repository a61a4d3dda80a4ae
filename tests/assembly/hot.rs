//! A write and reads of market data, each in a function of its own: the suite `assembly` has them compiled as a user's program is,
//! and reads what comes of it. Nothing runs them.

#![expect(unsafe_code, reason = "names that can be found in assembly")]

use shmrecord::{Reader, ShmRecord, Writer};

/// As in `schemas/market_data.toml`.
#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
pub struct MarketData {
    pub symbol: [u8; 16],
    pub price: f64,
    pub volume: u64,
}

// SAFETY: nothing else has this name; so with the others.
#[unsafe(no_mangle)]
pub fn hot_write(writer: &mut Writer<MarketData>, index: usize, value: &MarketData) -> bool {
    writer.write(index, value).is_ok()
}

#[unsafe(no_mangle)]
pub fn hot_read(reader: &Reader<MarketData>, index: usize, out: &mut MarketData) -> bool {
    reader.read(index).map(|value| *out = value).is_ok()
}

#[unsafe(no_mangle)]
pub fn hot_read_into(reader: &Reader<MarketData>, index: usize, out: &mut MarketData) -> bool {
    reader.read_into(index, out).is_ok()
}

/// One field of it.
#[unsafe(no_mangle)]
pub fn hot_price(reader: &Reader<MarketData>, index: usize) -> f64 {
    reader.read(index).map_or(0.0, |value| value.price)
}

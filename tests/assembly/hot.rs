//! A write and reads of market data, of ours and of another program, each in a function of its own: the suite `assembly` has them compiled as a user's program is,
//! and reads what comes of it. Nothing runs them.

#![expect(unsafe_code, missing_docs, reason = "names that can be found in assembly, and say it all")]

use shmrecord::{Adopted, Reader, ShmRecord, Writer};

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

/// Until another program has stored one.
#[unsafe(no_mangle)]
pub fn hot_adopted_poll(adopted: &Adopted<MarketData>) -> f64 {
    loop {
        if let Ok(value) = adopted.read(0)
            && value.volume != 0
        {
            return value.price;
        }
    }
}

#[unsafe(no_mangle)]
pub fn hot_adopted_poll_into(adopted: &Adopted<MarketData>, out: &mut MarketData) {
    while adopted.read_into(0, out).is_err() || out.volume == 0 {}
}

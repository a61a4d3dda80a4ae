//! What a read and a write of one record cost, beside `memcpy` of the same size: rounds of all of them interleaved in one
//! process, medians, and the ratio, which is what holds on other machines. Then what it costs to [`attach`]; the same for
//! tables of other programs ([`adopt`]); a [`semaphore`] beside the bare calls; what it costs that there may be other
//! [`writers`], or somebody who waits; and what the [`wakes`] of those take.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml`, with names of parts behind `--` for these alone: `records`, `attach`,
//! `adopt`, `semaphore`, `writers`, `wakes`.

mod adopt;
mod attach;
mod semaphore;
mod wakes;
mod writers;

use std::hint::black_box;
use std::time::Instant;

use shmrecord::{Options, Reader, ShmRecord, Writer};

/// Calls timed together, so that the clock's own cost and step do not count.
const CALLS: u32 = 100_000;
/// Times that every case is measured; an odd number has a median.
const ROUNDS: usize = 31;

macro_rules! record {
    ($name:ident, $words:literal) => {
        #[derive(ShmRecord, Clone, Copy)]
        #[repr(C)]
        struct $name {
            words: [u64; $words],
        }

        impl Sample for $name {
            fn filled(with: u64) -> Self {
                Self { words: [with; $words] }
            }
        }
    };
}

record!(Bytes32, 4);
record!(Bytes64, 8);
record!(Bytes256, 32);
record!(Bytes4096, 512);

/// A record as people have them: text, and padding behind it.
#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    symbol: [u8; 10],
    price: f64,
    volume: u64,
}

impl Sample for Quote {
    fn filled(with: u64) -> Self {
        Self { symbol: *b"AAPL\0\0\0\0\0\0", price: 0.5, volume: with }
    }
}

/// On a cache line of its own, so that no figure depends on where the stack happens to be.
#[repr(align(64))]
struct Aligned<T>(T);

trait Sample: ShmRecord {
    fn filled(with: u64) -> Self;
}

fn main() -> shmrecord::Result<()> {
    type Part = (&'static str, fn() -> shmrecord::Result<()>);
    let parts: [Part; 6] = [
        ("records", records),
        ("attach", attach::measure),
        ("adopt", adopt::measure),
        ("semaphore", semaphore::measure),
        ("writers", writers::measure),
        ("wakes", wakes::measure),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    parts.into_iter().filter(|(name, _)| is_wanted(name)).try_for_each(|(_, measure)| measure())
}

fn records() -> shmrecord::Result<()> {
    println!("one record, warm, one process; medians of {ROUNDS} rounds of {CALLS} calls\n");
    println!("| bytes | cells | memcpy ns | read ns | ratio | read_into ns | ratio | write ns | ratio |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for cells in [1, 4] {
        measure::<Bytes32>(cells)?;
        measure::<Bytes64>(cells)?;
        measure::<Bytes256>(cells)?;
        measure::<Bytes4096>(cells)?;
    }
    Ok(())
}

fn measure<T: Sample>(cells: u32) -> shmrecord::Result<()> {
    let place = Place::new("record");
    let mut writer: Writer<T> = Options::new().cells(cells).create(&place.0, 16)?;
    let reader = Reader::<T>::open(&place.0)?;

    let source = Aligned(T::filled(1));
    let mut target = Aligned(T::filled(0));
    let (mut copies, mut reads, mut intos, mut writes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        copies.push(per_call(|| {
            target.0 = black_box(&source).0;
            black_box(&target);
        }));
        let value = Aligned(T::filled(round));
        writes.push(per_call(|| writer.write(black_box(7), &black_box(&value).0).expect("in range")));
        reads.push(per_call(|| {
            target.0 = reader.read(black_box(7)).expect("nobody writes");
            black_box(&target);
        }));
        intos.push(per_call(|| {
            reader.read_into(black_box(7), &mut target.0).expect("nobody writes");
            black_box(&target);
        }));
    }
    let (copy, read, into, write) = (median(copies), median(reads), median(intos), median(writes));
    let bytes = size_of::<T>();
    println!(
        "| {bytes} | {cells} | {copy:.2} | {read:.2} | {:.1} | {into:.2} | {:.1} | {write:.2} | {:.1} |",
        read / copy,
        into / copy,
        write / copy
    );
    Ok(())
}

/// An address of this process, whose table is removed on drop, whatever fails before.
struct Place(String);

impl Place {
    fn new(name: &str) -> Self {
        Self(format!("posix:/shmrecord-bench-{name}-{}", std::process::id()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It may never have come to be.
        let _ = shmrecord::remove(&self.0);
    }
}

/// Nanoseconds of one call.
fn per_call(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..CALLS {
        call();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

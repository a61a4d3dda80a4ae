//! What it costs a writer that others may write too, or wait: a turn beside two bare atomic instructions, a write that may wake
//! or stamps beside one that does not, a take-over. Relies on the rounds of `main`.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use shmrecord::{Options, Result, SharedWriter, Turn, Writer};

use crate::{Bytes64, Place, ROUNDS, Sample, median, per_call};

pub(crate) fn measure() -> Result<()> {
    println!("\na write of 64 bytes, and a turn, nobody else; medians, in nanoseconds\n");
    println!("| what | ns | more than a write |");
    println!("|---|---:|---:|");
    let [plain, doorbell, stamps, many] = ["plain", "doorbell", "stamps", "many"].map(Place::new);
    let mut writers = [
        Options::new().create::<Bytes64>(&plain.0, 16)?,
        Options::new().doorbell(true).create(&doorbell.0, 16)?,
        Options::new().stamps(true).create(&stamps.0, 16)?,
    ];
    let mut shared = SharedWriter::<Bytes64>::create(&many.0, 16)?;
    let word = AtomicU32::new(0);
    let mut rounds: [Vec<f64>; 6] = Default::default();
    for round in 0..ROUNDS as u64 {
        let value = Bytes64::filled(round);
        for (writer, times) in writers.iter_mut().zip(&mut rounds) {
            times.push(per_call(|| writer.write(black_box(7), black_box(&value)).expect("in range")));
        }
        rounds[3].push(per_call(|| shared.write(black_box(7), black_box(&value)).expect("in range")));
        rounds[4]
            .push(per_call(|| drop(black_box(shared.lock().and_then(Turn::whole).expect("nobody else")))));
        rounds[5].push(per_call(|| {
            let word = black_box(&word);
            let taken = word.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
            assert!(taken.is_ok() && word.swap(0, Ordering::Release) == 1);
        }));
    }
    let medians = rounds.map(median);
    let names = [
        "write",
        "write, with a doorbell and nobody who waits",
        "write, with stamps",
        "write, one of many writers",
        "lock and unlock, one of many writers",
        "compare-exchange and exchange, bare",
    ];
    for (name, time) in names.iter().zip(medians) {
        println!("| {name} | {time:.2} | {:+.2} |", time - medians[0]);
    }
    takeovers()
}

/// From the end of a writer to the end of `open` of the next.
fn takeovers() -> Result<()> {
    println!("\na take-over of 1 MiB of records, from when the role is free; medians, in microseconds\n");
    println!("| posix |");
    println!("|---:|");
    let place = Place::new("takeover");
    drop(Writer::<Bytes64>::create(&place.0, 1 << 14)?);
    let mut times = Vec::new();
    for _ in 0..1000 {
        let start = Instant::now();
        let writer = Writer::<Bytes64>::open(&place.0)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        drop(writer);
    }
    println!("| {:.1} |", median(times));
    Ok(())
}

//! What it costs a writer that others may write too, or wait: a turn beside two bare atomic instructions, a write that may wake
//! or stamps beside one that does not, a wake beside a bare futex, a take-over. Relies on the rounds of `main`.

use std::hint::black_box;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shmrecord::{Options, Reader, Result, SharedWriter, Turn, Writer};

use crate::{Bytes64, Place, ROUNDS, Sample, median, per_call};

/// Wakes and answers timed together.
const TRIPS: u32 = 2_000;
/// Longer than any of them takes.
const LONG: Duration = Duration::from_secs(10);

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
    wakes()?;
    takeovers()
}

/// Two threads that wake each other in turn, by records of two tables and by two bare words.
fn wakes() -> Result<()> {
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(by_tables()?);
        bares.push(by_futexes());
    }
    let (ours, bare) = (median(ours), median(bares));
    println!("\na wake of a sleeper: there and back by two threads, halved; medians, in microseconds\n");
    println!("| bare futex | wait and write | ratio |");
    println!("|---:|---:|---:|");
    println!("| {bare:.2} | {ours:.2} | {:.2} |", ours / bare);
    Ok(())
}

/// Microseconds of one wake.
fn by_tables() -> Result<f64> {
    let places = ["there", "back"].map(Place::new);
    let options = Options::new().doorbell(true);
    let mut there = options.create::<Bytes64>(&places[0].0, 1)?;
    let mut back = options.create::<Bytes64>(&places[1].0, 1)?;
    let [listens, hears] = [&places[0].0, &places[1].0].map(|address| Reader::<Bytes64>::open(address));
    let (listens, hears) = (listens?, hears?);
    let value = Bytes64::filled(1);
    Ok(thread::scope(|scope| {
        scope.spawn(|| {
            for seen in 0..u64::from(TRIPS) {
                listens.wait(0, seen, LONG).expect("it lives").expect("it comes");
                back.write(0, &value).expect("in range");
            }
        });
        let start = Instant::now();
        for seen in 0..u64::from(TRIPS) {
            there.write(0, &value).expect("in range");
            hears.wait(0, seen, LONG).expect("it lives").expect("it comes");
        }
        micros(start)
    }))
}

/// The same by the words alone.
fn by_futexes() -> f64 {
    let words = [AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        scope.spawn(|| {
            for seen in 0..TRIPS {
                sleep_while(&words[0], seen);
                wake(&words[1], seen + 1);
            }
        });
        let start = Instant::now();
        for seen in 0..TRIPS {
            wake(&words[0], seen + 1);
            sleep_while(&words[1], seen);
        }
        micros(start)
    })
}

fn micros(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TRIPS) / 2.0
}

fn wake(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
    // SAFETY: the address is only a name to this call; three arguments are not used.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}

fn sleep_while(word: &AtomicU32, seen: u32) {
    while word.load(Ordering::Acquire) == seen {
        let forever = ptr::null::<libc::timespec>();
        // SAFETY: the kernel reads the word, which is borrowed; two arguments are not used.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, seen, forever) };
    }
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

//! How long a wake takes, beside a bare futex: of a thread that sleeps for sure, from before the write to after the wait; and
//! there and back by two threads, each of which goes to sleep while the other one wakes up. Relies on the rounds of `main`.

use std::hint::spin_loop;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shmrecord::{Options, Reader, Result, Writer};

use crate::{Bytes64, Place, ROUNDS, Sample, median};

/// Wakes of a sleeper in a round, of which the median counts.
const WAKES: u32 = 500;
/// After this long who waits has gone to sleep.
const ASLEEP: Duration = Duration::from_micros(100);
/// Wakes and answers timed together.
const TRIPS: u32 = 2_000;
/// Longer than any of them takes.
const LONG: Duration = Duration::from_secs(10);

pub(crate) fn measure() -> Result<()> {
    let mut rounds: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        rounds[0].push(asleep(&mut Word::default()));
        rounds[1].push(asleep(&mut Table::new("wake")?));
        rounds[2].push(there_and_back(&mut Word::default(), &mut Word::default()));
        rounds[3].push(there_and_back(&mut Table::new("there")?, &mut Table::new("back")?));
    }
    let [bare, ours, bare_trip, our_trip] = rounds.map(median);
    println!("\na wake of a waiting thread by another; medians, in microseconds\n");
    println!("| what | bare futex | wait and write | ratio |");
    println!("|---|---:|---:|---:|");
    println!("| of one that sleeps | {bare:.2} | {ours:.2} | {:.2} |", ours / bare);
    println!("| there and back, halved | {bare_trip:.2} | {our_trip:.2} | {:.2} |", our_trip / bare_trip);
    Ok(())
}

/// What one thread waits for and another one brings about, again and again.
trait Bell {
    /// How it is rung, and how it is waited for; each ring for one more wait.
    fn ends(&mut self) -> (impl FnMut() + Send, impl FnMut() + Send);
}

/// A record of a table.
struct Table {
    writer: Writer<Bytes64>,
    reader: Reader<Bytes64>,
    _place: Place,
}

/// The same by a word alone.
#[derive(Default)]
struct Word(AtomicU32);

impl Table {
    fn new(name: &str) -> Result<Self> {
        let place = Place::new(name);
        let writer = Options::new().doorbell(true).create(&place.0, 1)?;
        let reader = Reader::open(&place.0)?;
        Ok(Self { writer, reader, _place: place })
    }
}

impl Bell for Table {
    fn ends(&mut self) -> (impl FnMut() + Send, impl FnMut() + Send) {
        let Self { writer, reader, .. } = self;
        let value = Bytes64::filled(1);
        let mut seen = 0;
        (
            move || writer.write(0, &value).expect("in range"),
            move || seen = reader.wait(0, seen, LONG).expect("it lives").expect("it comes"),
        )
    }
}

impl Bell for Word {
    fn ends(&mut self) -> (impl FnMut() + Send, impl FnMut() + Send) {
        let word = &self.0;
        let (mut rung, mut seen) = (0, 0);
        let ring = move || {
            rung += 1;
            word.store(rung, Ordering::Release);
            // SAFETY: the address is only a name to this call; three arguments are not used.
            unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
        };
        let wait = move || {
            while word.load(Ordering::Acquire) == seen {
                let forever = ptr::null::<libc::timespec>();
                // SAFETY: the kernel reads the word, which is borrowed; two arguments are not used.
                unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, seen, forever) };
            }
            seen += 1;
        };
        (ring, wait)
    }
}

/// Microseconds from before a ring to behind the wait of a thread that slept.
fn asleep(bell: &mut impl Bell) -> f64 {
    let (mut ring, mut wait) = bell.ends();
    let up = AtomicU32::new(0);
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let wake = |_| {
                wait();
                let woken = Instant::now();
                up.fetch_add(1, Ordering::Relaxed);
                woken
            };
            (0..WAKES).map(wake).collect::<Vec<_>>()
        });
        let mut rung = Vec::new();
        for wakes in 0..WAKES {
            while up.load(Ordering::Relaxed) < wakes {
                spin_loop();
            }
            let start = Instant::now();
            while start.elapsed() < ASLEEP {
                spin_loop();
            }
            rung.push(Instant::now());
            ring();
        }
        let woken = sleeper.join().expect("it does not panic");
        median(woken.iter().zip(rung).map(|(woken, rung)| (*woken - rung).as_secs_f64() * 1e6).collect())
    })
}

/// Microseconds of one of the two ways.
fn there_and_back(there: &mut impl Bell, back: &mut impl Bell) -> f64 {
    let ((mut call, mut hear), (mut answer, mut listen)) = (there.ends(), back.ends());
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..TRIPS {
                hear();
                answer();
            }
        });
        let start = Instant::now();
        for _ in 0..TRIPS {
            call();
            listen();
        }
        start.elapsed().as_secs_f64() * 1e6 / f64::from(TRIPS) / 2.0
    })
}

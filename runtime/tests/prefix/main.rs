//! Every state that a killed process can leave: random programs of writes, batches and recoveries on a memory that records
//! their stores, which are then made one after another, with a death after each. What a killed process leaves is the
//! stores up to some point of its program. Relies on the protocol's sources, which it compiles anew; knows nothing else of
//! the crate, and no thread beside the writer.
//!
//! `SHMRECORD_PREFIXES=20000000 cargo test -p shmrecord --release --test prefix` says how many deaths. `SHMRECORD_SEED` begins
//! with the program of that seed.
//!
//! | module | part |
//! |---|---|
//! | `sync` | words of memory that record what is stored |
//! | `table` | a table of them: what a writer does to it, what a reader sees of it |
//! | `deaths` | random operations with a death after each store, and after each store of the recovery from it |
//! | `turns` | the same with a lock, and with deaths of those who come behind a dead one |
//! | `random` | random numbers: see `../protocol` |

use std::thread;
use std::time::Instant;

#[path = "../../src/guard"]
mod guard {
    #[expect(dead_code, reason = "what the handle asks before it adds a record")]
    pub(crate) mod batch;
    pub(crate) mod copy;
    #[expect(dead_code, reason = "what an error says, and a lock that is had by a semaphore")]
    pub(crate) mod lock;
    pub(crate) mod log;
    pub(crate) mod record;
}
mod deaths;
#[path = "../protocol/random.rs"]
mod random;
mod sync;
mod table;
mod turns;

use deaths::Deaths;
use random::{Random, seed};

/// Deaths to go through.
fn wanted() -> u64 {
    match std::env::var("SHMRECORD_PREFIXES") {
        Ok(text) => text.parse().expect("SHMRECORD_PREFIXES is a number"),
        Err(_) => 100_000,
    }
}

#[test]
fn after_every_store_every_record_is_as_before_or_as_after() {
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let (seed, share) = (seed(), wanted().div_ceil(threads));
    println!("SHMRECORD_SEED={seed}");
    let run = |number| {
        let mut random = Random::new(seed.wrapping_add(number));
        let mut deaths = Deaths::default();
        while deaths.total() < share {
            // One cell is where a death has most to leave.
            for cells in [1, 2, 1, 4, 1] {
                deaths::program(&mut random, cells, &mut deaths);
                turns::turn(&mut random, cells, &mut deaths);
            }
        }
        deaths
    };
    let started = Instant::now();
    let deaths: Vec<Deaths> = thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("nobody sees a death")).collect()
    });
    let writers: u64 = deaths.iter().map(|deaths| deaths.writers).sum();
    let recoveries: u64 = deaths.iter().map(|deaths| deaths.recoveries).sum();
    println!("{writers} deaths of writers and {recoveries} of recoveries in {:?}", started.elapsed());
    assert!(writers > 0 && recoveries > 0 && writers + recoveries >= wanted());
}

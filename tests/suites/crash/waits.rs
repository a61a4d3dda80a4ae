//! Writers that wake, and readers that wait, killed at random: who waits is never kept waiting longer than one sleep for what was
//! published, whoever dies between publishing and waking or asleep.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use integration_tests::case::every_public_backend;
use integration_tests::clock::{Clock, now};
use integration_tests::process::Actor;
use integration_tests::timing::{EXCESS, GRACE, LONGEST_SLEEP};
use shmrecord::{Options, Reader, SharedWriter};

use crate::random::{Random, kills};

/// Longer than it takes until somebody writes again.
const LONG: Duration = Duration::from_secs(60);

fn start(role: &str, address: &str) -> Actor {
    let mut actor = Actor::start(env!("CARGO_BIN_EXE_many"), &[role, address]);
    assert_eq!(actor.line(), "ready");
    actor
}

#[test]
fn whoever_is_killed_nobody_waits_longer_than_one_sleep() {
    every_public_backend(|place| {
        let address = place.address();
        let options = Options::new().doorbell(true).stamps(true);
        // Keeps the table's role taken: writers come and go.
        let own: SharedWriter<Clock> = options.create_shared(address, 2).unwrap();
        let mut random = Random::new();
        let mut actors: Vec<(&str, Actor)> =
            ["publish", "publish", "await", "await"].map(|role| (role, start(role, address))).into();
        let is_over = AtomicBool::new(false);
        let kills = kills(20);
        let mut waited = thread::scope(|scope| {
            let waiters = [0, 1].map(|index| {
                let is_over = &is_over;
                scope.spawn(move || wait_for(address, index, is_over))
            });
            let changes = scope.spawn(|| {
                let reader = Reader::<Clock>::open(address).unwrap();
                let mut seen = 0;
                while !is_over.load(Ordering::Relaxed) {
                    seen = reader.wait_table(seen, LONG).unwrap().expect("somebody writes");
                }
            });
            for _ in 0..kills {
                random.pause(4000);
                let (role, victim) = actors.swap_remove(usize::try_from(random.below(4)).unwrap());
                victim.kill();
                actors.push((role, start(role, address)));
            }
            is_over.store(true, Ordering::Relaxed);
            changes.join().unwrap();
            waiters.into_iter().flat_map(|waiter| waiter.join().unwrap()).collect::<Vec<_>>()
        });
        waited.sort_unstable();
        let (median, longest) = (waited[waited.len() / 2], waited[waited.len() - 1]);
        println!("{kills} kills, {} waits of {median:?} and up to {longest:?}", waited.len());
        assert!(longest < LONGEST_SLEEP + GRACE, "{longest:?}");
        // More are woken than wait for one that died before it woke them.
        assert!(median <= EXCESS, "{waited:?}");
        drop(own);
    });
}

/// Waits for this record until it is over: how long each took behind a publication.
fn wait_for(address: &str, index: usize, is_over: &AtomicBool) -> Vec<Duration> {
    let reader = Reader::<Clock>::open(address).unwrap();
    let (mut seen, mut waits) = (0, Vec::new());
    while !is_over.load(Ordering::Relaxed) {
        let begun = now();
        reader.wait(index, seen, LONG).unwrap().expect("somebody writes");
        let ended = now();
        let record = reader.read_versioned(index).unwrap();
        // The first that it did not know; what was published before it began to wait it did not wait for.
        if let Some(published) = record.value.time_of(seen + 1) {
            waits.push(Duration::from_nanos(ended.saturating_sub(published.max(begun))));
        }
        seen = record.version;
    }
    waits
}

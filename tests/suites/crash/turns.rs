//! Many writers, of whom one after the other is killed, wherever it is in its turn or on its way to one: the others go on soon,
//! what a batch moves is never lost or made, and what is half-done under a lock is told.

use integration_tests::actor;
use integration_tests::case::every_public_backend;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern256, balance};
use integration_tests::sysv;
use integration_tests::timing::{AFTER_DEATH, GRACE, timed};
use integration_tests::turns::{ACCOUNTS, COUNTER, join, round};
use shmrecord::Reader;

use crate::random::{Random, kills};

const WRITERS: usize = 3;

#[test]
fn whoever_is_killed_the_others_go_on() {
    every_public_backend(|place| kill_writers(place, None, kills(25)));
}

#[test]
fn whoever_is_killed_with_a_semaphore_the_others_go_on() {
    every_public_backend(|place| {
        let set = Place::new(Backend::Sysv);
        sysv::make_set(set.key(), 1);
        sysv::set_value(set.key(), 0, 1);
        kill_writers(place, Some(set.key().cast_unsigned()), kills(10));
        assert_eq!(sysv::value(set.key(), 0), 1, "it is free at the end");
    });
}

/// Kills so many writers of a table at this place, who take turns by a semaphore if there is one.
fn kill_writers(place: &Place, key: Option<u32>, kills: u32) {
    let address = place.address();
    let mut random = Random::new();
    let start = || -> Actor {
        let mut actor = match key {
            None => actor!("turns", address),
            Some(key) => actor!("turns", address, key),
        };
        assert!(actor.line().starts_with("ready "));
        actor
    };
    let mut own = join(address, key);
    let mut writers: Vec<_> = (0..WRITERS).map(|_| start()).collect();
    let reader = Reader::<Pattern256>::open(address).unwrap();
    let image = Image::of(place);
    let (mut in_a_turn, mut waits) = (0, Vec::new());
    let mut counted = 0;
    for kill in 1..=kills {
        random.pause(2000);
        let victim = writers.swap_remove(usize::try_from(random.below(WRITERS as u64)).unwrap());
        victim.kill();
        // A word of 0 or of somebody who lives: nobody died with the lock. This sees only the others.
        in_a_turn += u32::from(image.half(at::LOCK) != 0);
        // At once, with nobody there to help.
        let accounts = reader.snapshot(0..ACCOUNTS).unwrap();
        assert_eq!(balance(&accounts), Some(0), "kill {kill}");
        let (turned, took) = timed(|| round(&mut own, kill as usize));
        turned.unwrap();
        waits.push(took);
        let count = reader.read(COUNTER).unwrap().words[0];
        assert!(count > counted, "kill {kill}: {count} after {counted}");
        counted = count;
        writers.push(start());
    }
    // Until the last of them have nothing more to say.
    writers.into_iter().for_each(Actor::kill);
    round(&mut own, 1).unwrap();
    assert_eq!(balance(&reader.snapshot(0..ACCOUNTS).unwrap()), Some(0));
    let [count, version] = [reader.read(COUNTER).unwrap().words[0], reader.version(COUNTER).unwrap()];
    assert_eq!(count, version, "no update is lost or made twice");
    waits.sort_unstable();
    let (median, longest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!(
        "{kills} kills, {in_a_turn} times the lock was held then, waits of {median:?} and up to {longest:?}"
    );
    assert!(median <= AFTER_DEATH && longest < GRACE, "{waits:?}");
}

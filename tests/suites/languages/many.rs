//! Many writers, some in C and some in Rust: their slots, epochs and turns, and what a death or a stop in a turn is to the others.
//! Each case with C first and with Rust first. What is refused is in `refused`, who waits in `waiting`.

use std::thread;
use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::every::{Every, count, counted, every};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::sysv;
use integration_tests::twin::{many::options, words};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Reader, Result, SharedWriter, Turn, remove};

use crate::errors::CAPACITY;
use crate::tools::actors;

/// A program that answers the lines of many writers, and its role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Language(&'static str, &'static str);

impl Language {
    pub(crate) const RUST: Self = Self(env!("CARGO_BIN_EXE_actor"), "twin");

    pub(crate) fn start(self) -> Actor {
        Actor::start(self.0, &[self.1])
    }

    /// Joins the writers at this place, with these options and this epoch.
    pub(crate) fn join(self, place: &Place, letters: &str, epoch: u64) -> Actor {
        let mut actor = self.start();
        actor.give(place);
        assert_eq!(actor.ask(&format!("join {} {letters}", place.address())), format!("holds {epoch}"));
        actor
    }
}

/// What writers take turns by: the lock word, or a semaphore of a set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'a> {
    Word,
    Semaphore(&'a Place),
}

impl By<'_> {
    /// Key and index.
    pub(crate) fn semaphore(self) -> (u32, u16) {
        match self {
            Self::Word => (0, 0),
            Self::Semaphore(set) => (set.key().cast_unsigned(), 1),
        }
    }

    /// The line that creates a table of many.
    pub(crate) fn share(self, place: &Place, letters: &str) -> String {
        let (key, index) = self.semaphore();
        format!("share {} {CAPACITY} {letters} {key} {index}", place.address())
    }

    /// The line that replaces it by another one.
    fn replace(self, place: &Place, letters: &str) -> String {
        self.share(place, letters).replacen("share", "replace", 1)
    }
}

/// A set of another program, whose second semaphore is free.
pub(crate) fn make_set() -> Place {
    let set = Place::new(Backend::Sysv);
    sysv::make_set(set.key(), 2);
    sysv::set_value(set.key(), 1, 1);
    set
}

/// Each C actor with Rust, either one first.
pub(crate) fn every_pair(test: impl Fn(Language, Language)) {
    for program in actors() {
        let c = Language(program, "hold");
        for [first, second] in [[c, Language::RUST], [Language::RUST, c]] {
            println!("{first:?}, {second:?}"); // shown when it fails
            test(first, second);
        }
    }
}

/// Likewise, for each kind of segment and each way of taking turns, in a table that the first has created.
fn every_table(test: impl Fn(&Place, By<'_>, Actor, [Language; 2])) {
    every_pair(|first, second| {
        let set = make_set();
        for by in [By::Word, By::Semaphore(&set)] {
            every_backend(|place| {
                let mut creator = first.start();
                assert_eq!(creator.ask(&by.share(place, "-")), "holds 1");
                creator.take(place);
                test(place, by, creator, [first, second]);
            });
        }
        assert_eq!(sysv::value(set.key(), 1), 1, "whoever died, it is free");
    });
}

/// This process among the writers, who gives up after 50 ms.
fn join(place: &Place) -> SharedWriter<Every> {
    options("q", 0, 0).open_shared(place.address()).unwrap()
}

fn lock_whole(writer: &mut SharedWriter<Every>) -> Result<()> {
    writer.lock().and_then(Turn::whole).map(drop)
}

#[test]
fn slots_and_epochs_are_counted_together() {
    every_table(|place, by, mut one, [first, second]| {
        let named = |slot: u64| Image::of(place).word(at::PARTICIPANTS + 16 * slot);
        let mut two = second.join(place, "-", 2);
        let own = SharedWriter::<Every>::open(place.address()).unwrap();
        assert_eq!((own.slot(), own.epoch(), own.capacity()), (2, 3, CAPACITY));
        let three = first.join(place, "-", 4);
        assert_eq!(
            [0, 1, 2, 3].map(named),
            [one.pid(), two.pid(), std::process::id(), three.pid()].map(u64::from)
        );
        // The first slot that is free is the next one's, whoever had it and however he went.
        assert_eq!(one.ask("drop"), "dropped");
        assert_eq!(two.ask("write 1 1"), "written");
        three.kill();
        let mut four = second.start();
        four.give(place);
        assert_eq!(four.ask(&by.share(place, "-")), "holds 5");
        assert_eq!(one.ask(&format!("join {} -", place.address())), "holds 6");
        assert_eq!([named(0), named(3)], [four.pid(), one.pid()].map(u64::from));
        for actor in [&mut one, &mut two, &mut four] {
            assert_eq!(actor.ask("write 1 1"), "written");
            assert_eq!(actor.ask("own status"), "1");
        }
        let reader = Reader::<Every>::open(place.address()).unwrap();
        assert_eq!(reader.version(1).unwrap(), 4);
    });
}

#[test]
fn updates_from_both_at_once_lose_nothing() {
    const TIMES: u64 = 1000;
    every_table(|place, _, one, [_, second]| {
        let mut actors = [one, second.join(place, "-", 2)];
        let mut own = options("-", 0, 0).open_shared::<Every>(place.address()).unwrap();
        for actor in &mut actors {
            actor.say(&format!("update 2 {TIMES}"));
        }
        for _ in 0..TIMES {
            own.update(2, counted).unwrap();
        }
        for actor in &mut actors {
            assert_eq!(actor.line(), "updated");
        }
        let record = own.read_versioned(2).unwrap();
        assert_eq!((count(&record.value), record.version), (3 * TIMES, 3 * TIMES));
    });
}

#[test]
fn a_killed_holder_is_followed_and_told_until_somebody_says_that_all_is_well() {
    every_table(|place, _, mut one, [first, second]| {
        let mut own = join(place);
        let mut two = second.join(place, "-", 3);
        let mut three = first.join(place, "-", 4);
        assert_eq!(one.ask("lock"), "locked");
        assert_eq!(one.ask("write 1 5"), "written");
        one.kill();
        // In the other language first: it is that one which finds out.
        let told = two.ask("lock");
        assert!(told.starts_with("47 lock ") && told.contains("in epoch 4; "), "{told}");
        assert_eq!(three.ask("lock"), told);
        assert_eq!(words(&lock_whole(&mut own).unwrap_err()), told);
        // Single writes, updates and batches are whole, and do not ask.
        assert_eq!(two.ask("write 1 6"), "written");
        assert_eq!(two.ask("update 1 3"), "updated");
        assert_eq!(two.ask("batch 0 1"), "published");
        own.write(1, &every(1)).unwrap();
        assert_eq!(own.read_versioned(1).unwrap().version, 7);
        assert_eq!(three.ask("lock"), told, "still");
        // Said in one language, seen in the other.
        assert_eq!(two.ask("lock after death"), "locked");
        assert_eq!(two.ask("clear death"), "cleared");
        assert_eq!(two.ask("unlock"), "unlocked");
        assert_eq!(three.ask("lock"), "locked");
        assert_eq!(three.ask("unlock"), "unlocked");
        lock_whole(&mut own).unwrap();
        // Whose slot is given to the next is not forgotten.
        assert_eq!(two.ask("lock"), "locked");
        two.kill();
        let mut four = first.join(place, "-", 5);
        assert_eq!(error_of(lock_whole(&mut own), place.address()), ErrorKind::AfterDeath);
        assert!(four.ask("lock").starts_with("47 lock "));
    });
}

/// What a holder of the lock comes to before its table is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Idle,
    Stopped,
    Killed,
    /// Killed, which was told and not cleared.
    Told,
}

#[test]
fn a_table_that_is_replaced_in_a_turn_is_another_one_behind_a_death() {
    every_table(|place, by, _, [first, second]| {
        for holder in [Holder::Idle, Holder::Stopped, Holder::Killed, Holder::Told] {
            println!("{holder:?}, {by:?}"); // shown when it fails
            let place = &Place::new(place.backend());
            let mut one = first.start();
            assert_eq!(one.ask(&by.share(place, "-")), "holds 1");
            one.take(place);
            let mut two = second.join(place, "-", 2);
            if holder != Holder::Idle {
                assert_eq!(one.ask("lock"), "locked");
                assert_eq!(one.ask("write 0 1"), "written");
            }
            match holder {
                Holder::Idle => {}
                Holder::Stopped => one.stop(),
                Holder::Killed | Holder::Told => one.kill_parent(),
            }
            if holder == Holder::Told {
                assert!(two.ask("lock").starts_with("47 lock "));
            }
            let mut next = second.start();
            next.give(place);
            // Nobody who lives and ends its turn is there to be waited for.
            let patience = if holder == Holder::Stopped { "q" } else { "s" };
            assert_eq!(next.ask(&by.replace(place, patience)), "holds 3");
            let mut said = next.ask("lock");
            if let (Holder::Stopped, By::Semaphore(_)) = (holder, by) {
                // By the same semaphore there is no turn until it is gone.
                assert!(said.starts_with("27 lock "), "{said}");
                one.kill_parent();
                said = next.ask("lock");
            }
            if holder == Holder::Idle {
                assert_eq!((said.as_str(), next.ask("unlock").as_str()), ("locked", "unlocked"));
            } else {
                assert!(said.starts_with("47 lock ") && said.contains("in epoch 2; "), "{said}");
            }
            // Who writes to the old one is told, whether it gets a turn or not.
            let told = two.ask("write 0 1");
            assert!(told.starts_with("21 write "), "{told}");
        }
    });
}

#[test]
fn who_waits_for_a_turn_is_told_that_the_table_is_gone() {
    every_table(|place, by, _, [first, second]| {
        for is_replaced in [true, false] {
            let place = &Place::new(place.backend());
            let mut one = first.start();
            assert_eq!(one.ask(&by.share(place, "-")), "holds 1");
            one.take(place);
            let mut two = second.join(place, "-", 2);
            assert_eq!(one.ask("lock"), "locked");
            two.say("lock");
            let sleeps = || match by {
                By::Word => Image::of(place).half(at::LOCK) & at::LOCK_WAITERS != 0,
                By::Semaphore(set) => sysv::waiting(set.key(), 1) == 1,
            };
            until("the other one sleeps for the lock", sleeps);
            if is_replaced {
                let mut next = first.start();
                next.give(place);
                assert_eq!(next.ask(&by.replace(place, "q")), "holds 3");
                next.kill();
            } else {
                remove(place.address()).unwrap();
            }
            if let By::Semaphore(_) = by {
                // By which nobody can wake it.
                assert_eq!(one.ask("unlock"), "unlocked");
            }
            // Long before its timeout.
            let told = two.line();
            assert!(told.starts_with("21 lock "), "{told}");
            let told = two.ask("write 0 1");
            assert!(told.starts_with("21 write "), "{told}");
        }
    });
}

#[test]
fn a_stopped_holder_is_named_in_the_same_words() {
    every_table(|place, by, mut one, [_, second]| {
        let mut own = join(place);
        let mut two = second.join(place, "q", 3);
        assert_eq!(one.ask("lock"), "locked");
        one.stop();
        let pid = format!("the lock is taken, last by process {}: ", one.pid());
        let mut refused = |request: &str, rust: Result<()>| {
            let rust = words(&rust.unwrap_err());
            assert!(rust.starts_with("27 ") && rust.contains(&pid), "{rust}");
            assert_eq!(two.ask(request), rust);
        };
        refused("write 0 1", own.write(0, &every(1)));
        refused("update 0 1", own.update(0, counted).map(drop));
        refused("batch 0", own.batch(|_| Ok(())));
        refused("lock", lock_whole(&mut own));
        refused("lock after death", own.lock().map(drop));
        // A slot is to be had all the same.
        assert_eq!(second.join(place, "-", 4).ask("drop"), "dropped");
        one.go_on();
        assert_eq!(one.ask("unlock"), "unlocked");
        assert_eq!(two.ask("write 0 1"), "written");
        lock_whole(&mut own).unwrap();
        assert_eq!(own.read_versioned(0).unwrap().version, 1, "by {by:?}");
    });
}

#[test]
fn who_sleeps_for_the_lock_is_woken_by_the_other_language() {
    every_table(|place, by, mut one, [_, second]| {
        let mut two = second.join(place, "-", 2);
        for _ in 0..5 {
            assert_eq!(one.ask("lock"), "locked");
            two.say("lock");
            let sleeps = || match by {
                By::Word => Image::of(place).half(at::LOCK) & at::LOCK_WAITERS != 0,
                By::Semaphore(set) => sysv::waiting(set.key(), 1) == 1,
            };
            until("the other one sleeps for the lock", sleeps);
            assert_eq!(one.ask("unlock"), "unlocked");
            assert_eq!(two.line(), "locked");
            (one, two) = (two, one);
            assert_eq!(one.ask("unlock"), "unlocked");
        }
    });
}

#[test]
fn who_wakes_behind_its_deadline_asks_whether_the_new_holder_is_dead() {
    let c = actors().pop().map(|program| Language(program, "hold"));
    c.into_iter().chain([Language::RUST]).for_each(wakes_behind_its_deadline);
}

fn wakes_behind_its_deadline(language: Language) {
    every_backend(|place| {
        let mut own = SharedWriter::<Every>::create(place.address(), CAPACITY).unwrap();
        let mut actor = language.join(place, "s", 2);
        let mut last = Language::RUST.join(place, "-", 3);
        let image = Image::of(place);
        let turn = own.lock().unwrap();
        actor.say("write 0 1");
        until("the actor sleeps for the lock", || image.half(at::LOCK) & at::LOCK_WAITERS != 0);
        actor.stop();
        drop(turn);
        assert_eq!(last.ask("lock"), "locked");
        last.kill();
        // Until its time is over.
        thread::sleep(Duration::from_millis(2100));
        actor.go_on();
        assert_eq!(actor.line(), "written");
        assert_eq!(error_of(lock_whole(&mut own), place.address()), ErrorKind::AfterDeath);
    });
}

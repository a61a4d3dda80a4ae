//! Tables of many writers, and who waits for them: one process creates, another joins, or waits.

use integration_tests::every::{every, line};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::sysv;
use integration_tests::waiting::{let_wait, until};
use shmrecord::Versioned;

use crate::pair::{Language, Tables, pairs};

const CAPACITY: usize = 3;
/// Longer than any wait that goes well takes, in milliseconds.
const LONG: u64 = 60_000;

/// What writers take turns by, and the letters of what else is chosen: cells, `d` for a doorbell, `t` for stamps.
#[derive(Clone, Copy, Debug)]
enum By {
    Word,
    Semaphore,
}

const TABLES: [(By, &str); 7] = [
    (By::Word, "1"),
    (By::Word, "1d"),
    (By::Word, "2td"),
    (By::Word, "4"),
    (By::Word, "8d"),
    (By::Semaphore, "1d"),
    (By::Semaphore, "4t"),
];

/// A table that `creator` has made, for `opener` to find.
struct Pair {
    place: Place,
    /// Of the semaphore.
    set: Place,
    letters: &'static str,
    creator: Actor,
    opener: Actor,
    /// In which language the creator is written.
    language: Language,
}

impl Pair {
    fn new(
        backend: Backend,
        kind: &str,
        (by, letters): (By, &'static str),
        languages: [Language; 2],
    ) -> Self {
        let (place, set) = (Place::new(backend), Place::new(Backend::Sysv));
        sysv::make_set(set.key(), 1);
        sysv::set_value(set.key(), 0, 1);
        let key = if matches!(by, By::Semaphore) { set.key() } else { 0 };
        let [mut creator, mut opener] = languages.map(|language| language.start(Tables::Ours));
        let create = format!("{kind} {} {CAPACITY} {letters} {key} 0", place.address());
        assert_eq!(creator.ask(&create), "holds 1");
        creator.take(&place);
        opener.give(&place);
        Self { place, set, letters, creator, opener, language: languages[0] }
    }

    /// A command about this table.
    fn says(&self, command: &str) -> String {
        let letters = if command == "join" { " -" } else { "" };
        format!("{command} {}{letters}", self.place.address())
    }

    #[track_caller]
    fn wait(&mut self, request: &str, groups: u32) {
        let image = self.letters.contains('d').then(|| Image::of(&self.place));
        let_wait(&mut self.opener, request, image.as_ref(), groups);
    }
}

/// Runs this for every kind of segment, every one of these tables and every pair of languages.
fn every_pair(kind: &str, case: impl Fn(Pair)) {
    for backend in Backend::ALL {
        for table in TABLES.into_iter().filter(|(by, _)| kind == "share" || matches!(by, By::Word)) {
            for languages in pairs() {
                println!("{backend:?}, {table:?}, {languages:?}"); // shown when it fails
                case(Pair::new(backend, kind, table, languages));
            }
        }
    }
}

fn sees() -> String {
    format!("sees {CAPACITY}")
}

#[test]
fn each_writes_beside_the_other() {
    every_pair("share", |mut pair| {
        let (attach, join) = (pair.says("attach"), pair.says("join"));
        assert_eq!(pair.opener.ask(&join), "holds 2");
        for actor in [&mut pair.creator, &mut pair.opener] {
            assert_eq!(actor.ask(&attach), sees());
        }
        for (version, number) in (1..12).step_by(2).zip(0..) {
            assert_eq!(pair.creator.ask(&format!("write 0 {number}")), "written");
            assert_eq!(pair.opener.ask("read 0"), line(Versioned { version, value: every(number) }));
            assert_eq!(pair.opener.ask(&format!("write 0 {}", number + 1)), "written");
            let record = Versioned { version: version + 1, value: every(number + 1) };
            assert_eq!(pair.creator.ask("read 0"), line(record));
        }
        // At once.
        for actor in [&mut pair.creator, &mut pair.opener] {
            actor.say("update 2 200");
        }
        for actor in [&mut pair.creator, &mut pair.opener] {
            assert_eq!(actor.line(), "updated");
        }
        assert_eq!(pair.creator.ask("wait 2 0 0"), "version 400");
        assert_eq!(pair.opener.ask("own status"), "1");
        // Who is left is the only one.
        pair.creator.kill();
        assert_eq!(pair.opener.ask("write 1 1"), "written");
        assert_eq!(pair.opener.ask("status"), "1");
    });
}

#[test]
fn a_killed_holder_of_the_lock_is_followed_and_told() {
    every_pair("share", |pair| {
        let (attach, join) = (pair.says("attach"), pair.says("join"));
        let Pair { place, set, mut creator, mut opener, language, .. } = pair;
        assert_eq!(opener.ask(&join), "holds 2");
        assert_eq!(creator.ask("lock"), "locked");
        assert_eq!(creator.ask("write 1 5"), "written");
        creator.kill();
        let mut next = language.start(Tables::Ours);
        next.give(&place);
        assert_eq!(next.ask(&join), "holds 3");
        let told = opener.ask("lock");
        assert!(told.contains("a writer died while it held the lock"), "{told}");
        assert_eq!(next.ask("lock"), told);
        assert_eq!(next.ask("lock after death"), "locked");
        assert_eq!(next.ask("write 1 6"), "written");
        assert_eq!(next.ask("clear death"), "cleared");
        assert_eq!(next.ask("unlock"), "unlocked");
        assert_eq!(opener.ask("lock"), "locked");
        assert_eq!(opener.ask("unlock"), "unlocked");
        assert_eq!(opener.ask(&attach), sees());
        assert_eq!(opener.ask("read 1"), line(Versioned { version: 2, value: every(6) }));
        assert_eq!(sysv::value(set.key(), 0), 1, "nobody has it");
    });
}

#[test]
fn who_holds_the_lock_is_waited_for_asleep() {
    every_pair("share", |mut pair| {
        let join = pair.says("join");
        assert_eq!(pair.opener.ask(&join), "holds 2");
        assert_eq!(pair.creator.ask("lock"), "locked");
        pair.opener.say("write 1 5");
        let image = Image::of(&pair.place);
        let sleeps = || image.half(at::LOCK) & at::LOCK_WAITERS != 0 || sysv::waiting(pair.set.key(), 0) == 1;
        until("the opener sleeps for the turn", sleeps);
        assert_eq!(image.word(image.version_at(1)), 0);
        assert_eq!(pair.creator.ask("unlock"), "unlocked");
        assert_eq!(pair.opener.line(), "written");
    });
}

#[test]
fn what_one_publishes_the_other_waits_for() {
    for kind in ["share", "lone"] {
        every_pair(kind, |mut pair| {
            let attach = pair.says("attach");
            assert_eq!(pair.opener.ask(&attach), sees());
            for (version, number) in (1..4).zip(5..) {
                pair.wait(&format!("wait 1 {} {LONG}", version - 1), 1 << 1);
                assert_eq!(pair.creator.ask(&format!("write 1 {number}")), "written");
                assert_eq!(pair.opener.line(), format!("version {version}"));
                assert_eq!(pair.opener.ask("read 1"), line(Versioned { version, value: every(number) }));
            }
            pair.wait(&format!("wait any {LONG} 1 3 2 0"), 1 << 1 | 1 << 2);
            assert_eq!(pair.creator.ask("write 2 5"), "written");
            assert_eq!(pair.opener.line(), "which 1");
            if pair.letters.contains('d') {
                assert_eq!(pair.opener.ask("changes"), "changes 4");
                pair.wait(&format!("wait all 4 {LONG}"), u32::MAX);
                assert_eq!(pair.creator.ask("write 0 5"), "written");
                assert_eq!(pair.opener.line(), "changes 5");
            } else {
                let refused = pair.opener.ask("changes");
                assert!(refused.contains("without a doorbell"), "{refused}");
            }
        });
    }
}

#[test]
fn who_waits_is_told_of_the_removal() {
    for kind in ["share", "lone"] {
        every_pair(kind, |mut pair| {
            let (attach, remove) = (pair.says("attach"), pair.says("remove"));
            assert_eq!(pair.opener.ask(&attach), sees());
            pair.wait(&format!("wait 1 0 {LONG}"), 1 << 1);
            assert_eq!(pair.creator.ask(&remove), "removed");
            let told = pair.opener.line();
            assert!(told.contains("removed meanwhile"), "{told}");
            let told = pair.creator.ask("write 1 5");
            assert!(told.contains("removed meanwhile"), "{told}");
            assert_eq!(pair.opener.ask("wait 1 0 0"), "version 1");
        });
    }
}

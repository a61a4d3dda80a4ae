//! What becomes of a record that both languages change, and of reads beside that.

use std::thread;

use integration_tests::place::Backend;
use integration_tests::process::Actor;
use integration_tests::records::Pattern256;
use integration_tests::said::Said;

use super::{Lock, counters, programs, segment};

const UPDATES: u64 = 20_000;

fn counted(mut pattern: Pattern256) -> Pattern256 {
    assert!(is_whole(&pattern), "torn");
    pattern.words.iter_mut().for_each(|word| *word += 1);
    pattern
}

fn is_whole(pattern: &Pattern256) -> bool {
    pattern.words.iter().all(|word| *word == pattern.words[0])
}

#[test]
fn no_update_is_lost_between_c_and_rust() {
    let stride = size_of::<Pattern256>() as u64 + 16;
    for program in programs() {
        let (sysv, posix) = (Lock::new(Backend::Sysv), Lock::new(Backend::Posix));
        for guard in [sysv.guard(), posix.guard()].into_iter().chain(counters(stride)) {
            let place = segment(Backend::Sysv);
            let case = Said::new::<Pattern256>(place.address(), guard);
            let mut actor = Actor::start(program, &["update", &case.text(), &UPDATES.to_string()]);
            assert_eq!(actor.line(), "ready");
            let mut writer = case.adopt::<Pattern256>().open_writer().unwrap();
            actor.say("go");
            for _ in 0..UPDATES {
                writer.update(1, counted).unwrap();
            }
            assert_eq!(actor.line(), "0 bad", "{guard:?}");
            assert_eq!(writer.read(1).unwrap().words, [2 * UPDATES; 32], "{guard:?}");
        }
    }
}

#[test]
fn what_c_writes_under_a_counter_rust_reads_whole_and_the_reverse() {
    let stride = size_of::<Pattern256>() as u64 + 16;
    for program in programs() {
        for guard in counters(stride) {
            let place = segment(Backend::Posix);
            let case = Said::new::<Pattern256>(place.address(), guard);
            let adopt = case.adopt::<Pattern256>();
            let mut by_c = Actor::start(program, &["update", &case.text(), &UPDATES.to_string()]);
            assert_eq!(by_c.line(), "ready");
            let reader = adopt.open().unwrap();
            by_c.say("go");
            let c_writes = thread::spawn(move || by_c.line());
            let mut seen = 0;
            while seen < UPDATES {
                let pattern = reader.read(1).unwrap();
                assert!(
                    is_whole(&pattern) && pattern.words[0] >= seen,
                    "{guard:?}: {pattern:?} after {seen}"
                );
                seen = pattern.words[0];
            }
            assert_eq!(c_writes.join().unwrap(), "0 bad");

            let mut by_rust = Actor::start(program, &["verify", &case.text()]);
            assert_eq!(by_rust.line(), "ready");
            let mut writer = adopt.open_writer().unwrap();
            for _ in 0..UPDATES {
                writer.update(1, counted).unwrap();
            }
            let verdict = by_rust.end();
            assert!(verdict.ends_with(" reads, 0 bad"), "{guard:?}: {verdict}");
        }
    }
}

//! What is said of tables that cannot be adopted, and of accesses that fail: the same in C and in Rust.

use std::time::Duration;

use integration_tests::image::Image;
use integration_tests::place::{Backend, Part};
use integration_tests::process::Actor;
use integration_tests::said::{REST, Said, counter};
use shmrecord::{Adopted, AdoptedWriter, ForeignGuard, Result, Semaphore, ShmRecord};

use super::{BYTES, Lock, STRIDE, counters, programs, segment};
use crate::errors::words;
use crate::every::{Every, every};

/// The words of a result, without what differs from try to try.
fn said<T>(result: &Result<T>) -> String {
    without_attempts(words(result))
}

fn without_attempts(text: String) -> String {
    match text.split_once("no consistent value in ") {
        Some((start, rest)) => {
            format!("{start}no consistent value in{}", rest.trim_start_matches(char::is_numeric))
        }
        None => text,
    }
}

/// What C answers; `ok` where it only says that it did it.
fn ask(actor: &mut Actor, request: &str) -> String {
    let answer = without_attempts(actor.ask(request));
    if answer.starts_with(|first: char| first.is_ascii_digit()) { answer } else { "ok".to_owned() }
}

#[test]
fn what_cannot_be_is_refused_in_the_same_words() {
    let place = segment(Backend::Posix);
    let everybodys = segment(Backend::Sysv);
    everybodys.set_mode(Part::Segment, 0o666);
    let (sysv, posix) = (Lock::new(Backend::Sysv), Lock::new(Backend::Posix));
    let ForeignGuard::Sysv { key, .. } = sysv.guard() else { panic!("it is one") };
    let in_file = segment(Backend::File);
    let base = Said::new::<Every>(place.address(), ForeignGuard::None);
    let [ours, reversed] = [*b"SHMRECRD", *b"DRCERMHS"].map(|first| {
        let place = segment(Backend::File);
        Image::of(&place).put(0, &first);
        place
    });
    let guarded = |guard| Said { guard, ..base };
    let cases = [
        base,
        Said { count: REST, ..base },
        Said { address: "quotes", ..base },
        Said { address: "posix:/shmrecord-no-such-segment", ..base },
        Said { address: "sysv:0x5edefaced", ..base },
        Said { address: everybodys.address(), ..base },
        Said { address: everybodys.address(), mode: 0o666, ..base },
        Said { address: ours.address(), ..base },
        Said { address: reversed.address(), ..base },
        Said { address: ours.address(), count: 1000, ..base },
        Said { address: ours.address(), ..guarded(ForeignGuard::Sysv { key, index: 2 }) },
        Said { mode: 0o1600, ..base },
        Said { mode: 0o400, ..base },
        Said { stride: 0, ..base },
        Said { stride: STRIDE + 4, ..base },
        Said { offset: 60, ..base },
        Said { count: 0, ..base },
        Said { count: 1000, ..base },
        Said { count: 1000, stride: base.stride - 16, ..base },
        Said { count: 1 << 60, ..base },
        Said { offset: BYTES as u64, count: REST, ..base },
        Said { offset: u64::MAX - 7, count: REST, ..base },
        Said { offset: BYTES as u64 - 8, count: 1, ..base },
        guarded(counter(8, 16, false)),
        guarded(counter(6, 32, false)),
        guarded(counter(12, 64, true)),
        guarded(counter(BYTES as u64, 32, false)),
        guarded(counter(u64::MAX - 7, 64, false)),
        guarded(counter(64, 32, false)),
        guarded(counter(64, 32, true)),
        guarded(counter(32, 64, true)),
        guarded(counter(64 + STRIDE - 24, 64, true)),
        guarded(counter(64 + 2 * STRIDE, 64, false)),
        guarded(counter(u64::MAX / STRIDE * STRIDE, 32, true)),
        Said { stride: STRIDE - 4, ..guarded(counter(56, 32, true)) },
        Said { count: REST, ..guarded(counter(BYTES as u64 - 8, 64, false)) },
        Said { count: REST, ..guarded(counter(56, 64, true)) },
        guarded(ForeignGuard::Sysv { key: "", index: 0 }),
        guarded(ForeignGuard::Sysv { key: "quotes", index: 7 }),
        guarded(ForeignGuard::Sysv { key: "0", index: 0 }),
        guarded(ForeignGuard::Sysv { key: "ftok(/no/such/file,7)", index: 0 }),
        guarded(ForeignGuard::Sysv { key: "0x5edeface", index: 3 }),
        guarded(ForeignGuard::Sysv { key, index: 0 }),
        guarded(ForeignGuard::Sysv { key, index: 2 }),
        guarded(ForeignGuard::Sysv { key, index: u16::MAX }),
        guarded(ForeignGuard::Posix { name: "" }),
        guarded(ForeignGuard::Posix { name: "/" }),
        guarded(ForeignGuard::Posix { name: "/a/b" }),
        guarded(ForeignGuard::Posix { name: "a/b" }),
        guarded(ForeignGuard::Posix { name: "/.." }),
        guarded(ForeignGuard::Posix { name: "shmrecord-no-such-semaphore" }),
        guarded(ForeignGuard::Posix { name: "/shmrecord-no-such-semaphore" }),
        guarded(posix.guard()),
        Said { address: in_file.address(), count: REST, ..guarded(posix.guard()) },
        Said { address: "posix:/shmrecord-no-such-segment", ..guarded(ForeignGuard::Posix { name: "/a/b" }) },
        Said { address: "posix:/shmrecord-no-such-segment", count: 0, ..base },
        Said { count: 1000, ..guarded(ForeignGuard::Sysv { key, index: 2 }) },
    ];
    for program in programs() {
        let mut actor = Actor::start(program, &["hold"]);
        for case in &cases {
            for (opening, expected) in [
                ("attach", case.adopt::<Every>().open().map(|table| table.count())),
                ("open", case.adopt::<Every>().open_writer().map(|table| table.count())),
            ] {
                let answer = actor.ask(&format!("{opening} {}", case.text()));
                let expected = match &expected {
                    Ok(count) if opening == "open" => format!("holds {count}"),
                    Ok(count) => format!("sees {count}"),
                    error => said(error),
                };
                assert_eq!(answer, expected, "{opening} {case:?}");
                assert_eq!(actor.ask("drop"), "dropped");
            }
        }
    }
}

/// Every access to record 0 of this table, in C and in Rust, says the same; gives what that is.
fn every_access(
    actor: &mut Actor,
    reader: &Adopted<Every>,
    writer: &mut AdoptedWriter<Every>,
    index: usize,
) -> [String; 3] {
    let rust = [
        said(&reader.read(index)),
        said(&writer.write(index, &every(0))),
        said(&writer.update(index, |_| every(0))),
    ];
    let requests = [format!("read {index}"), format!("write {index} 0"), format!("update {index} 0")];
    let c = requests.map(|request| ask(actor, &request));
    assert_eq!(c, rust, "in C and in Rust");
    rust
}

#[test]
fn what_goes_wrong_later_has_the_same_words() {
    for program in programs() {
        for backend in [Backend::Sysv, Backend::Posix] {
            let (place, lock) = (segment(Backend::Posix), Lock::new(backend));
            let mut case = Said::new::<Every>(place.address(), lock.guard());
            case.timeout = Duration::from_millis(1);
            let mut actor = Actor::start(program, &["hold"]);
            assert_eq!(actor.ask(&format!("open {}", case.text())), "holds 3");
            assert_eq!(actor.ask(&format!("attach {}", case.text())), "sees 3");
            let (reader, mut writer) =
                (case.adopt().open().unwrap(), case.adopt::<Every>().open_writer().unwrap());
            assert!(every_access(&mut actor, &reader, &mut writer, 0).iter().all(|words| words == "ok"));
            for words in every_access(&mut actor, &reader, &mut writer, 3) {
                assert!(words.starts_with("28 "), "{words}");
            }
            let frees = |actor: &mut Actor, writer: &mut AdoptedWriter<Every>, dead: Option<u32>| {
                let rust = said(&writer.free_guard(dead));
                assert_eq!(ask(actor, &format!("free {}", dead.unwrap_or(0))), rust);
                rust
            };
            for dead in [None, Some(1), Some(std::process::id())] {
                frees(&mut actor, &mut writer, dead);
            }
            lock.semaphore().wait().unwrap();
            for words in every_access(&mut actor, &reader, &mut writer, 0) {
                assert!(words.starts_with("27 "), "{words}");
                assert_eq!(words.contains("which still exists"), backend == Backend::Sysv, "{words}");
            }
            for dead in [Some(1), Some(std::process::id())] {
                let words = frees(&mut actor, &mut writer, dead);
                assert!(words.starts_with("22 "), "{words}");
            }
            lock.semaphore().post().unwrap();
            if backend == Backend::Sysv {
                Semaphore::unlink(lock.0.address()).unwrap();
                for words in every_access(&mut actor, &reader, &mut writer, 0) {
                    assert!(words.starts_with("35 "), "{words}");
                }
                assert!(frees(&mut actor, &mut writer, Some(1)).starts_with("35 "));
            }
        }
    }
}

#[test]
fn a_counter_that_stays_odd_has_the_same_words() {
    for program in programs() {
        for guard in counters(STRIDE) {
            let place = segment(Backend::File);
            let mut case = Said::new::<Every>(place.address(), guard);
            case.timeout = Duration::from_millis(1);
            let mut actor = Actor::start(program, &["hold"]);
            assert_eq!(actor.ask(&format!("open {}", case.text())), "holds 3");
            assert_eq!(actor.ask(&format!("attach {}", case.text())), "sees 3");
            let (reader, mut writer) =
                (case.adopt().open().unwrap(), case.adopt::<Every>().open_writer().unwrap());
            let ForeignGuard::Seqcount { offset, .. } = guard else { panic!("it is one") };
            for in_c in [true, false] {
                Image::of(&place).put(offset, &[7, 0, 0, 0]);
                let words = every_access(&mut actor, &reader, &mut writer, 0);
                assert!(words[0].starts_with("29 ") && words[1].starts_with("27 "), "{words:?}");
                let freed =
                    if in_c { actor.ask("free 0") == "freed 1" } else { writer.free_guard(None).unwrap() };
                assert!(freed && actor.ask("free 0") == "freed 0");
                assert!(every_access(&mut actor, &reader, &mut writer, 0).iter().all(|words| words == "ok"));
            }
        }
    }
}

#[test]
fn bytes_that_are_no_value_have_the_same_words() {
    let on = Every::LAYOUT.fields.iter().find(|field| field.name == "on").unwrap();
    for program in programs() {
        let place = segment(Backend::Posix);
        let case = Said::new::<Every>(place.address(), counter(0, 64, false));
        let mut actor = Actor::start(program, &["hold"]);
        assert_eq!(actor.ask(&format!("open {}", case.text())), "holds 3");
        assert_eq!(actor.ask(&format!("attach {}", case.text())), "sees 3");
        let mut writer = case.adopt::<Every>().open_writer().unwrap();
        Image::of(&place).put(64 + u64::from(on.offset), &[2]);
        for (request, rust) in
            [("read 0", said(&writer.read(0))), ("update 0 1", said(&writer.update(0, |_| every(1))))]
        {
            assert_eq!(ask(&mut actor, request), rust);
            assert!(rust.starts_with("30 "), "{rust}");
        }
        // Nothing was changed, and the guard was let go of.
        assert_eq!(Image::of(&place).get(64 + u64::from(on.offset), 1), [2]);
        assert_eq!(Image::of(&place).word(0), 4);
    }
}

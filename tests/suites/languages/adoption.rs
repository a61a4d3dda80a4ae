//! Tables that another program made, adopted by C and by Rust at once: the same records, the same guards, the same words for
//! what is wrong. Relies on `c/adopt.c` for the C side; the segments are made here, as that other program would.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use integration_tests::image::Image;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::records::Pattern256;
use integration_tests::sysv;
use shmrecord::{Adopt, Adopted, AdoptedWriter, ForeignGuard, Result, Semaphore, ShmRecord, Versioned};

use crate::errors::words;
use crate::every::{Every, VALUES, every, line};
use crate::tools::{Compiler, model, suite, write_header};

const BYTES: usize = 4096;
/// Room between two records, so that each can have a counter.
const STRIDE: u64 = size_of::<Every>().next_multiple_of(8) as u64 + 16;
const REST: u64 = u64::MAX;
const UPDATES: u64 = 20_000;

const COMPILERS: [Compiler; 2] = [
    Compiler { name: "gcc", flags: &["-std=c11", "-O0"] },
    Compiler { name: "clang", flags: &["-std=c11", "-O2"] },
];

/// The C side, from every compiler that is there.
fn programs() -> Vec<&'static str> {
    static BUILT: [OnceLock<String>; COMPILERS.len()] = [const { OnceLock::new() }; COMPILERS.len()];
    write_header(&model(&suite("c/twin.toml")));
    let build = |compiler: &Compiler| {
        let path = compiler.compile(&format!("adopt-{}", compiler.name), &suite("c/adopt.c"), &[&suite("c")]);
        path.into_os_string().into_string().expect("a folder whose name is text")
    };
    let there = COMPILERS.iter().zip(&BUILT).filter(|(compiler, _)| compiler.is_there());
    there.map(|(compiler, built)| built.get_or_init(|| build(compiler)).as_str()).collect()
}

/// What is said of a foreign table, to both languages.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    address: &'a str,
    guard: ForeignGuard<'a>,
    offset: u64,
    /// Or `REST`.
    count: u64,
    stride: u64,
    mode: u32,
    timeout: Duration,
}

impl<'a> Said<'a> {
    fn new<T: ShmRecord>(address: &'a str, guard: ForeignGuard<'a>) -> Self {
        let stride = (size_of::<T>() as u64).next_multiple_of(8) + 16;
        Self { address, guard, offset: 64, count: 3, stride, mode: 0o600, timeout: Duration::from_secs(60) }
    }

    /// As Rust is told.
    fn adopt<T: ShmRecord>(&self) -> Adopt<'a, T> {
        let Self { address, guard, offset, count, stride, mode, timeout } = *self;
        let adopt = Adopt::new(address, guard).offset(offset).stride(stride).mode(mode).timeout(timeout);
        if count == REST { adopt } else { adopt.count(count) }
    }

    /// As C is told.
    fn text(&self) -> String {
        let Self { address, offset, count, stride, mode, .. } = self;
        let (kind, name, index, counter, bits, each) = match self.guard {
            ForeignGuard::None => (1, "", 0, 0, 0, false),
            ForeignGuard::Sysv { key, index } => (2, key, index, 0, 0, false),
            ForeignGuard::Posix { name } => (3, name, 0, 0, 0, false),
            ForeignGuard::Seqcount { offset, bits, per_record } => (4, "", 0, offset, bits, per_record),
            _ => panic!("a guard that C does not have"),
        };
        let name = if name.is_empty() { "-" } else { name };
        let (timeout, each) = (self.timeout.as_millis(), u8::from(each));
        let place = format!("{address} {mode:o} {timeout} {offset} {count} {stride}");
        format!("{place} {kind} {name} {index} {counter} {bits} {each}")
    }
}

/// A segment of zeros, as another program makes it.
fn segment(backend: Backend) -> Place {
    let place = Place::new(backend);
    if backend == Backend::Sysv {
        sysv::make_segment(place.key(), BYTES);
    } else {
        let file = File::create_new(place.path()).unwrap();
        file.set_len(BYTES as u64).unwrap();
        file.set_permissions(PermissionsExt::from_mode(0o600)).unwrap();
    }
    place
}

/// A free semaphore, as another program makes it; removed on drop.
struct Lock(Place);

impl Lock {
    fn new(backend: Backend) -> Self {
        let place = Place::new(backend);
        Semaphore::create(place.address(), 1).unwrap();
        Self(place)
    }

    fn semaphore(&self) -> Semaphore {
        Semaphore::open(self.0.address()).unwrap()
    }

    fn guard(&self) -> ForeignGuard<'_> {
        match self.0.address().split_once(':').unwrap() {
            ("sysv", key) => ForeignGuard::Sysv { key, index: 0 },
            (_, name) => ForeignGuard::Posix { name },
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A test may have removed it.
        let _ = Semaphore::unlink(self.0.address());
    }
}

const fn counter(offset: u64, bits: u32, per_record: bool) -> ForeignGuard<'static> {
    ForeignGuard::Seqcount { offset, bits, per_record }
}

/// Places for counters: for all records, in front of each, behind each.
fn counters(stride: u64) -> [ForeignGuard<'static>; 6] {
    let behind = 64 + stride - 8;
    [(8, false), (56, true), (behind, true)]
        .map(|(offset, each)| [counter(offset, 32, each), counter(offset, 64, each)])
        .concat()
        .try_into()
        .expect("three places, two widths")
}

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
    let guarded = |guard| Said { guard, ..base };
    let cases = [
        base,
        Said { count: REST, ..base },
        Said { address: "quotes", ..base },
        Said { address: "posix:/shmrecord-no-such-segment", ..base },
        Said { address: "sysv:0x5edefaced", ..base },
        Said { address: everybodys.address(), ..base },
        Said { address: everybodys.address(), mode: 0o666, ..base },
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

#[test]
fn each_reads_what_the_other_wrote() {
    for program in programs() {
        for backend in Backend::ALL {
            let (sysv, posix) = (Lock::new(Backend::Sysv), Lock::new(Backend::Posix));
            let guards = [ForeignGuard::None, sysv.guard(), posix.guard()];
            for guard in guards.into_iter().chain(counters(STRIDE)) {
                let (by_c, by_rust) = (segment(backend), segment(backend));
                let mut actor = Actor::start(program, &["hold"]);
                let (c, rust) =
                    (Said::new::<Every>(by_c.address(), guard), Said::new::<Every>(by_rust.address(), guard));
                assert_eq!(actor.ask(&format!("open {}", c.text())), "holds 3");
                assert_eq!(actor.ask(&format!("attach {}", rust.text())), "sees 3");
                let mut writer = rust.adopt::<Every>().open_writer().unwrap();
                let reader = c.adopt::<Every>().open().unwrap();
                for (number, index) in (0..VALUES).zip((0..3).cycle()) {
                    let change = if number % 2 == 0 { "write" } else { "update" };
                    let done = if number % 2 == 0 { "written" } else { "updated" };
                    assert_eq!(actor.ask(&format!("{change} {index} {number}")), done);
                    match change {
                        "write" => writer.write(index, &every(number)).unwrap(),
                        _ => drop(writer.update(index, |_| every(number)).unwrap()),
                    }
                    let expected = line(Versioned { version: 0, value: every(number) });
                    assert_eq!(format!("0{}", actor.ask(&format!("read {index}"))), expected);
                    let value = reader.read(index).unwrap();
                    assert_eq!(line(Versioned { version: 0, value }), expected);
                    assert!(
                        Image::of(&by_c).bytes() == Image::of(&by_rust).bytes(),
                        "value {number}, {guard:?}"
                    );
                }
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

//! Being told by a descriptor: readable from a publication until it is taken, and no longer; the end of table, notifier and
//! process. Relies on the public API, and on poll and epoll.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::alone::Alone;
use integration_tests::case::{every_backend, every_case, every_named_backend, with_and_without_doorbell};
use integration_tests::check::error_of;
use integration_tests::fork::{end, split};
use integration_tests::holdings::holdings;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::readable::{Edges, is_readable};
use integration_tests::records::{Pattern, Pattern64, Quote, quote};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Notifier, Options, Reader, SharedWriter, Writer, remove};

const CAPACITY: usize = 40;
/// Longer than anything takes that goes well.
const LONG: Duration = Duration::from_secs(60);
/// The 100 ms that anybody sleeps at most, and what a busy machine may add.
const NO_WAKE: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(5);

fn reader(place: &Place) -> Reader<Quote> {
    Reader::open(place.address()).unwrap()
}

/// It is readable until it is taken, and then not.
#[track_caller]
fn told_once(notifier: &Notifier) {
    told_once_within(notifier, LONG);
}

#[track_caller]
fn told_once_within(notifier: &Notifier, limit: Duration) {
    for _ in 0..2 {
        assert!(is_readable(notifier, limit));
    }
    assert!(notifier.take().unwrap());
    nothing_to_tell(notifier);
}

#[track_caller]
fn nothing_to_tell(notifier: &Notifier) {
    assert!(!is_readable(notifier, SHORT));
    assert!(!notifier.take().unwrap());
}

#[test]
fn of_a_whole_table_every_kind_of_change_is_told_once() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(1, &quote(1)).unwrap();
        let notifier = reader(place).notifier().unwrap();
        nothing_to_tell(&notifier);
        writer.write(39, &quote(1)).unwrap();
        told_once(&notifier);
        writer.batch(|batch| batch.set(0, &quote(1))).unwrap();
        told_once(&notifier);
        writer.batch(|_| Ok(())).unwrap();
        nothing_to_tell(&notifier);
        drop(writer);
        let mut writer = Writer::<Quote>::open(place.address()).unwrap();
        told_once(&notifier);
        for version in 1..=100 {
            writer.write(version % CAPACITY, &quote(1)).unwrap();
        }
        told_once(&notifier);
    });
}

#[test]
fn of_several_records_theirs_are_told_and_no_others() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(33, &quote(1)).unwrap();
        let notifier = reader(place).notifier_of(&[0, 33]).unwrap();
        nothing_to_tell(&notifier);
        for index in [0, 33, 33] {
            writer.write(index, &quote(1)).unwrap();
            told_once(&notifier);
            // In the group of one of them, but another record.
            writer.write(1, &quote(1)).unwrap();
            writer.write(32, &quote(1)).unwrap();
            nothing_to_tell(&notifier);
        }
        writer.write(0, &quote(1)).unwrap();
        told_once(&notifier);
    });
}

#[test]
fn no_version_is_missed_by_who_takes_and_then_reads() {
    every_case(|case| {
        for doorbell in [false, true] {
            let place = case.place();
            let options = case.options().doorbell(doorbell);
            let mut writer = options.create::<Pattern64>(place.address(), CAPACITY).unwrap();
            let reader = Reader::<Pattern64>::open(place.address()).unwrap();
            let notifier = if doorbell { reader.notifier() } else { reader.notifier_of(&[35]) }.unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    for version in 1..=40 {
                        writer.write(35, &Pattern64::of(35, version)).unwrap();
                        // Now in the midst of a take, now long after it.
                        let until = Instant::now() + Duration::from_micros(version % 8 * 20);
                        while Instant::now() < until {
                            thread::yield_now();
                        }
                    }
                });
                let mut seen = 0;
                while seen < 40 {
                    assert!(is_readable(&notifier, LONG), "version {seen} and nothing more");
                    assert!(notifier.take().unwrap());
                    let record = reader.read_versioned(35).unwrap();
                    assert_eq!(record.value, Pattern64::of(35, record.version));
                    assert!(record.version >= seen);
                    seen = record.version;
                }
            });
        }
    });
}

#[test]
fn what_was_taken_before_it_was_told_is_not_told() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let notifier = reader(place).notifier_of(&[4]).unwrap();
        for version in 1..=200 {
            writer.write(4, &quote(version)).unwrap();
            assert!(notifier.take().unwrap(), "be its thread still asleep");
            assert!(!is_readable(&notifier, Duration::ZERO));
        }
        nothing_to_tell(&notifier);
    });
}

#[test]
fn notifiers_of_one_table_are_told_and_taken_each_for_itself() {
    every_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut one = options.create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let mut other = SharedWriter::<Quote>::open(place.address()).unwrap();
        let reader = reader(place);
        let notifiers = [reader.notifier(), reader.notifier(), reader.notifier_of(&[7])].map(Result::unwrap);
        drop(reader);
        let [a, b, c] = &notifiers;
        let edges = Edges::of(&[a, b, c]);
        for writer in [&mut one, &mut other] {
            writer.write(7, &quote(1)).unwrap();
            let mut told: Vec<_> = (0..3).map(|_| edges.next(LONG).expect("it comes soon")).collect();
            told.sort_unstable();
            assert_eq!(told, [0, 1, 2]);
            assert_eq!(edges.next(SHORT), None, "no edge until it is taken");
            told_once(a);
            writer.write(8, &quote(1)).unwrap();
            assert_eq!(edges.next(LONG), Some(0));
            assert_eq!(edges.next(SHORT), None);
            [a, b, c].into_iter().for_each(told_once);
        }
    });
}

#[test]
fn what_a_writer_did_not_come_to_announce_is_told_all_the_same() {
    every_case(|case| {
        let place = case.place();
        let options = case.options().doorbell(true);
        drop(options.create::<Quote>(place.address(), CAPACITY).unwrap());
        let reader = reader(&place);
        let (table, list) = (reader.notifier().unwrap(), reader.notifier_of(&[4]).unwrap());
        let image = Image::of(&place);
        // Until both threads are asleep, or as good as.
        until("all groups are waited for", || image.half(at::WAITING) == u32::MAX);
        thread::sleep(SHORT);
        let words = vec![0; usize::try_from(image.half(at::RECORD_BYTES).div_ceil(8)).unwrap()];
        image.make(&image.stores_of_write(4, &words));
        told_once_within(&list, NO_WAKE);
        nothing_to_tell(&table);
        image.set_word(at::CHANGES, image.word(at::CHANGES) + 1);
        told_once_within(&table, NO_WAKE);
    });
}

#[test]
fn removal_is_told_for_ever_and_behind_what_was_published() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = reader(place);
        let (asleep, told) = (reader.notifier_of(&[7]).unwrap(), reader.notifier_of(&[8]).unwrap());
        writer.write(8, &quote(1)).unwrap();
        assert!(is_readable(&told, LONG));
        remove(place.address()).unwrap();
        assert!(told.take().unwrap());
        let late = reader.notifier_of(&[9]).unwrap();
        for notifier in [&asleep, &told, &late] {
            for _ in 0..2 {
                assert!(is_readable(notifier, LONG));
                assert_eq!(error_of(notifier.take(), place.address()), ErrorKind::Retired);
            }
        }
    });
}

#[test]
fn a_table_that_is_cut_is_an_error_for_who_survives_it() {
    every_named_backend(|place| {
        let options = Options::new().doorbell(true);
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Options::new().survive_truncation(true).open::<Quote>(place.address()).unwrap();
        let (table, list) = (reader.notifier().unwrap(), reader.notifier_of(&[7]).unwrap());
        writer.write(7, &quote(1)).unwrap();
        [&table, &list].into_iter().for_each(told_once);
        drop(writer);
        fs::File::options().write(true).open(place.path()).unwrap().set_len(0).unwrap();
        for notifier in [&table, &list] {
            assert!(is_readable(notifier, LONG));
            assert_eq!(error_of(notifier.take(), place.address()), ErrorKind::Truncated);
        }
    });
}

#[test]
fn what_cannot_be_told_is_refused() {
    every_backend(|place| {
        let _writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let reader = reader(place);
        let what = "waiting for a whole table without a doorbell";
        assert_eq!(error_of(reader.notifier(), place.address()), ErrorKind::Unsupported { what });
        let none = error_of(reader.notifier_of(&[]), place.address());
        assert_eq!(none, ErrorKind::BadArgument { argument: "count" });
        let out = error_of(reader.notifier_of(&[3, CAPACITY]), place.address());
        assert_eq!(out, ErrorKind::IndexOutOfRange { index: 40, capacity: 40 });
    });
}

#[test]
fn a_child_has_no_use_of_it_and_leaves_it_to_its_parent() {
    with_and_without_doorbell(|place, options| {
        let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = reader(place);
        let notifier = reader.notifier_of(&[7]).unwrap();
        writer.write(7, &quote(1)).unwrap();
        assert!(is_readable(&notifier, LONG));
        match split() {
            Some(child) => child.finish(),
            None => {
                let is_refused = notifier.take().is_err_and(|error| *error.kind() == ErrorKind::ForkedHandle);
                drop(notifier);
                let works = reader.notifier_of(&[7]).is_ok_and(|own| own.take().is_ok_and(|news| !news));
                end(is_refused && works)
            }
        }
        told_once(&notifier);
    });
}

#[test]
fn one_that_is_dropped_ends_at_once_and_leaves_nothing() {
    Alone::new("notifying::one_that_is_dropped_ends_at_once_and_leaves_nothing").run(|| {
        with_and_without_doorbell(|place, options| {
            let mut writer = options.create::<Quote>(place.address(), CAPACITY).unwrap();
            let reader = reader(place);
            let has_doorbell = reader.changes().is_ok();
            let before = holdings();
            let mut took = Vec::new();
            for turn in 0..60 {
                let notifier =
                    if has_doorbell { reader.notifier() } else { reader.notifier_of(&[7]) }.unwrap();
                // It has just begun, has told, or is asleep.
                match turn % 3 {
                    0 => {}
                    1 => writer.write(7, &quote(turn)).unwrap(),
                    _ => thread::sleep(SHORT),
                }
                let begin = Instant::now();
                drop(notifier);
                if turn % 3 == 2 {
                    took.push(begin.elapsed());
                }
            }
            // A thread that was waited for may be on its last steps in the kernel.
            let until = Instant::now() + LONG;
            while holdings() != before && Instant::now() < until {
                thread::sleep(SHORT);
            }
            assert_eq!(holdings(), before);
            took.sort_unstable();
            // Who is not woken sleeps for 100 ms; of a busy machine, a few may take longer.
            assert!(took[took.len() / 2] < Duration::from_millis(50), "{took:?}");
        });
    });
}

#[test]
fn its_thread_takes_no_signals_but_its_own() {
    Alone::new("notifying::its_thread_takes_no_signals_but_its_own").run(|| {
        // One kind, so that no thread of another is about to end.
        let place = &Place::new(Backend::Posix);
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let mask_of = |task: &Path| {
            let status = fs::read_to_string(task.join("status")).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap()
        };
        let own = Path::new("/proc/thread-self");
        let before = mask_of(own);
        let notifier = reader(place).notifier_of(&[7]).unwrap();
        assert_eq!(mask_of(own), before, "the maker's is as it was");
        // A thread that is being made has every signal blocked; this one is at work.
        writer.write(7, &quote(1)).unwrap();
        assert!(is_readable(&notifier, LONG));
        let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
        let is_its = |task: &PathBuf| fs::read_to_string(task.join("comm")).unwrap() == "shmrecord\n";
        let its: Vec<_> = tasks.filter(is_its).collect();
        assert_eq!(its.len(), 1);
        let mask = mask_of(&its[0]);
        let has = |signal: i32| mask & 1 << (signal - 1) != 0;
        assert!(has(libc::SIGINT) && has(libc::SIGTERM) && has(libc::SIGALRM), "{mask:x}");
        assert!(!has(libc::SIGBUS) && !has(libc::SIGSEGV), "{mask:x}");
    });
}

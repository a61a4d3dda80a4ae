//! A child of `fork` beside a thread of its parent that is in the midst of something: it has not that thread, and waits for
//! nothing of it. The thread stands still in a system call, or many come and go.

#![expect(unsafe_code, reason = "a copy of a notifier, which only a child drops")]

use std::env;
use std::fs::{self, File};
use std::mem::ManuallyDrop;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::alone::Alone;
use integration_tests::check::error_of;
use integration_tests::filter::{Which, stick_in};
use integration_tests::fork::in_child;
use integration_tests::memfd::VARIABLE;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::handover::{self, Share};
use shmrecord::{ErrorKind, Options, Reader, Writer, remove};

const CAPACITY: usize = 4;

fn create(address: &str) -> Writer<Quote> {
    let mut writer = Writer::create(address, CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    writer
}

fn read(address: &str) -> Quote {
    Reader::<Quote>::open(address).unwrap().read(0).unwrap()
}

#[test]
fn a_child_watches_files_while_a_thread_begins_to() {
    Alone::new("midst::a_child_watches_files_while_a_thread_begins_to").run(|| {
        let place = Place::new(Backend::Posix);
        let address = place.address().to_owned();
        let surviving = || Options::new().survive_truncation(true);
        create(&address);
        stick_in(libc::SYS_rt_sigaction, Which::Argument(0, libc::SIGBUS), move || {
            let _ = surviving().open::<Quote>(&address);
        });
        in_child(|| {
            let reader = surviving().open::<Quote>(place.address()).unwrap();
            File::options().write(true).open(place.path()).unwrap().set_len(0).unwrap();
            assert_eq!(error_of(reader.read(0), place.address()), ErrorKind::Truncated);
        });
    });
}

#[test]
fn a_child_goes_on_with_memfds_while_a_thread_opens_one() {
    Alone::new("midst::a_child_goes_on_with_memfds_while_a_thread_opens_one").run(|| {
        // Not removed here, where the thread would be waited for.
        let [place, another] = [(); 2].map(|()| ManuallyDrop::new(Place::new(Backend::Memfd)));
        let address = place.address().to_owned();
        let _writer = create(&address);
        stick_in(libc::SYS_fcntl, Which::Argument(1, libc::F_DUPFD_CLOEXEC), move || {
            let _ = Reader::<Quote>::open(&address);
        });
        in_child(|| {
            assert_eq!(read(place.address()), quote(1));
            let _writer = create(another.address());
            in_child(|| assert_eq!([&place, &another].map(|place| read(place.address())), [quote(1); 2]));
            remove(another.address()).unwrap();
            handover::forget(place.address()).unwrap();
            assert_eq!(
                error_of(Reader::<Quote>::open(place.address()), place.address()),
                ErrorKind::NotFound
            );
        });
    });
}

#[test]
fn a_child_has_its_heirlooms_while_a_thread_looks_at_them() {
    heirlooms("midst::a_child_has_its_heirlooms_while_a_thread_looks_at_them", libc::F_GETFD);
}

#[test]
fn a_child_has_its_heirlooms_while_a_thread_claims_them() {
    heirlooms("midst::a_child_has_its_heirlooms_while_a_thread_claims_them", libc::F_SETFD);
}

/// A process that is started with a table finds it at its first memfd, with calls of `fcntl(2)`, of which this is one.
fn heirlooms(test: &str, command: libc::c_int) {
    Alone::new(test).run(|| {
        // The same in every process of this test.
        let address = "memfd:heirloom";
        if env::var_os(VARIABLE).is_none() {
            drop(create(address));
            let mut heir = Command::new(env::current_exe().unwrap());
            heir.args([test, "--exact", "--nocapture", "--test-threads=1"]);
            handover::inherit(&mut heir, address, Share::Writer).unwrap();
            assert!(heir.status().unwrap().success());
            return;
        }
        stick_in(libc::SYS_fcntl, Which::Argument(1, command), move || {
            let _ = Reader::<Quote>::open(address);
        });
        in_child(|| {
            assert_eq!(read(address), quote(1));
            let mut writer = Writer::<Quote>::open(address).unwrap();
            assert_eq!(writer.epoch(), 2);
            writer.write(0, &quote(2)).unwrap();
            in_child(|| assert_eq!(read(address), quote(2)));
            // It is not left to whom this process starts.
            let descriptors = env::var(VARIABLE).unwrap();
            for entry in descriptors.split_once('=').unwrap().0.split(',') {
                let number = entry.split(':').next().unwrap();
                let flags = flags_of(number);
                assert!(flags.is_some_and(|flags| flags & libc::O_CLOEXEC != 0), "{number}: {flags:?}");
            }
        });
    });
}

/// The flags of an open file of this process: `O_…`.
fn flags_of(descriptor: &str) -> Option<libc::c_int> {
    let facts = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).ok()?;
    let flags = facts.lines().find_map(|line| line.strip_prefix("flags:"))?;
    libc::c_int::from_str_radix(flags.trim(), 8).ok()
}

#[test]
fn a_child_drops_a_notifier_while_a_thread_takes_what_it_has_to_tell() {
    let test = "midst::a_child_drops_a_notifier_while_a_thread_takes_what_it_has_to_tell";
    Alone::new(test).run(|| {
        let place = Place::new(Backend::Posix);
        let mut writer = Options::new().doorbell(true).create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let notifier = Arc::new(reader.notifier().unwrap());
        writer.write(0, &quote(1)).unwrap();
        let its = Arc::clone(&notifier);
        stick_in(libc::SYS_read, Which::All, move || {
            // Until there is something to be taken: that is read.
            while its.take().is_ok() {
                writer.write(0, &quote(2)).unwrap();
            }
        });
        in_child(|| {
            assert_eq!(error_of(notifier.take(), place.address()), ErrorKind::ForkedHandle);
            // SAFETY: the copy is dropped in the child alone, which ends without dropping the original.
            drop(unsafe { Arc::as_ptr(&notifier).read() });
        });
    });
}

#[test]
fn children_end_while_threads_open_and_forget_memfds() {
    Alone::new("midst::children_end_while_threads_open_and_forget_memfds").run(|| {
        let kept = Place::new(Backend::Memfd);
        let places = [(); 4].map(|()| Place::new(Backend::Memfd));
        let _writer = create(kept.address());
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            // Most of what this does is asking the registry.
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    Reader::<Quote>::open("memfd:nobody-has-it").unwrap_err();
                }
            });
            for place in &places {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        let _writer = create(place.address());
                        assert_eq!(read(place.address()), quote(1));
                        remove(place.address()).unwrap();
                    }
                });
            }
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(1) {
                in_child(|| {
                    assert_eq!(read(kept.address()), quote(1));
                    for place in &places {
                        // Whatever became of it until now.
                        let _ = handover::forget(place.address());
                        let _writer = create(place.address());
                        assert_eq!(read(place.address()), quote(1));
                        remove(place.address()).unwrap();
                    }
                });
            }
            is_over.store(true, Ordering::Relaxed);
        });
    });
}

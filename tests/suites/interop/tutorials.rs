//! The programs that tutorials of shared memory show, in C, with a program of ours in the place of the second one. Theirs
//! make segments and semaphores as tutorials do, and know nothing of us.

use std::fs;
use std::os::unix::fs::MetadataExt;

use integration_tests::check::error_of;
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::Quote;
use shmrecord::{Adopt, ErrorKind, ForeignGuard, Semaphore, SemaphoreOptions, ShmRecord};

use crate::tools::{SemaphorePlace, bare, c_programs};

/// What a table of theirs holds, at this offset; nobody guards it.
const fn unguarded<T: ShmRecord>(address: &str) -> Adopt<'_, T> {
    Adopt::new(address, ForeignGuard::None)
}

/// The first bytes of the 64 MB.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Greeting {
    #[shm(text)]
    text: [u8; 16],
}

/// The word that says how far the other one is.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Status {
    value: i32,
}

/// All there is in the 4 GB.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Integers {
    numbers: [i32; 3],
}

#[test]
fn a_64_mb_segment_gives_its_first_bytes_and_takes_a_status_word() {
    const STATUS: u64 = (64 << 20) - 4;
    for program in c_programs("block") {
        let place = Place::new(Backend::Sysv);
        let address = place.address();
        let mut theirs = Actor::start(&program, &[bare(address)]);
        assert_eq!(theirs.line(), "written");

        let greeting = unguarded::<Greeting>(address).count(1);
        assert_eq!(error_of(greeting.open(), address), ErrorKind::TooPermissive { mode: 0o666 });
        let greeting = greeting.mode(0o666).open().unwrap();
        assert_eq!(greeting.read(0).unwrap().text, *b"Hello from C\0\0\0\0");

        let status = unguarded::<Status>(address).offset(STATUS).mode(0o666);
        let mut status = status.open_writer().unwrap();
        assert_eq!((status.count(), status.read(0).unwrap()), (1, Status { value: 0 }));
        status.write(0, &Status { value: 42 }).unwrap();
        assert_eq!([theirs.line(), theirs.end()], ["status 42", ""]);
        assert_eq!(place.names(), [""; 0], "they removed it");
        assert_eq!(greeting.read(0).unwrap().text, *b"Hello from C\0\0\0\0");
    }
}

#[test]
fn a_hundred_quotes_in_a_segment_of_1_mb() {
    for program in c_programs("quotes") {
        let place = Place::new(Backend::Sysv);
        let address = place.address();
        let mut theirs = Actor::start(&program, &[bare(address)]);
        assert_eq!(theirs.line(), "written");

        let mut quotes = unguarded::<Quote>(address).count(100).open_writer().unwrap();
        assert_eq!(quotes.count(), 100);
        for (number, quote) in (0_i32..).zip(quotes.iter()) {
            let Quote { symbol, price, volume } = quote.unwrap();
            let text = format!("SYM{number}");
            assert!(symbol.starts_with(text.as_bytes()) && symbol[text.len()] == 0, "{symbol:?}");
            assert_eq!((price, volume), (100.0 + f64::from(number) / 4.0, 1000 * i64::from(number)));
        }
        let ours = Quote { symbol: *b"FROM RUST!", price: 127.5, volume: -3 };
        quotes.write(41, &ours).unwrap();
        let updated = quotes.update(42, |quote| Quote { volume: quote.volume + 1, ..quote }).unwrap();
        assert_eq!(updated.volume, 42_001);
        assert_eq!(theirs.ask("41"), "FROM RUST! 127.50 -3");
        assert_eq!(theirs.ask("42"), "SYM42 110.50 42001");
        assert_eq!(theirs.ask("43"), "SYM43 110.75 43000");
        let beyond = ErrorKind::IndexOutOfRange { index: 100, capacity: 100 };
        assert_eq!(error_of(quotes.read(100), address), beyond);

        let rest = unguarded::<Quote>(address).open().unwrap();
        assert_eq!(rest.count(), (1 << 20) / 32);
        let kind = error_of(unguarded::<Quote>(address).offset(64).count(32768).open(), address);
        assert_eq!(kind, ErrorKind::SizeMismatch { header: (1 << 20) + 64, actual: 1 << 20 });
    }
}

#[test]
fn three_integers_in_a_posix_segment_of_4_gb() {
    for program in c_programs("integers") {
        let place = Place::new(Backend::Posix);
        let address = place.address();
        let mut theirs = Actor::start(&program, &[bare(address)]);
        assert_eq!(theirs.line(), "written");
        assert_eq!(fs::metadata(place.path()).unwrap().len(), 4 << 30);

        let mut integers = unguarded::<Integers>(address).count(1).mode(0o666).open_writer().unwrap();
        assert_eq!(integers.read(0).unwrap().numbers, [10, 20, 30]);
        integers.write(0, &Integers { numbers: [-1, 0, 7] }).unwrap();
        assert_eq!(theirs.ask(""), "-1 0 7");
        // In blocks of 512 bytes: what nobody touched takes no memory, however large the segment.
        assert!(fs::metadata(place.path()).unwrap().blocks() * 512 <= 1 << 20);
    }
}

#[test]
fn one_process_waits_and_another_posts() {
    for program in c_programs("signal") {
        for backend in [Backend::Sysv, Backend::Posix] {
            we_post_and_wait_on_theirs(&program, &SemaphorePlace::new(backend));
            they_post_and_wait_on_ours(&program, &SemaphorePlace::new(backend));
        }
    }
}

/// Their semaphore, which everybody may use.
fn we_post_and_wait_on_theirs(program: &str, place: &SemaphorePlace) {
    let address = place.address();
    let options = SemaphoreOptions::new().mode(0o666);
    let mut waiter = Actor::start(program, &[bare(address), "make", "wait"]);
    assert_eq!(waiter.line(), "ready");
    let theirs = options.open(address).unwrap();
    theirs.post().unwrap();
    assert_eq!(waiter.line(), "done");

    let mut poster = Actor::start(program, &[bare(address), "open", "post"]);
    theirs.wait().unwrap();
    assert_eq!([poster.line(), poster.line()], ["ready", "done"]);
    assert_eq!(theirs.value().unwrap(), 0);
    options.unlink(address).unwrap();
}

fn they_post_and_wait_on_ours(program: &str, place: &SemaphorePlace) {
    let address = place.address();
    let ours = Semaphore::create(address, 0).unwrap();
    let mut poster = Actor::start(program, &[bare(address), "open", "post"]);
    ours.wait().unwrap();
    assert_eq!([poster.line(), poster.line()], ["ready", "done"]);

    let mut waiter = Actor::start(program, &[bare(address), "open", "wait"]);
    assert_eq!(waiter.line(), "ready");
    ours.post().unwrap();
    assert_eq!(waiter.line(), "done");
    assert_eq!(ours.value().unwrap(), 0);
    Semaphore::unlink(address).unwrap();
    assert_eq!(*Semaphore::open(address).unwrap_err().kind(), ErrorKind::NotFound);
}

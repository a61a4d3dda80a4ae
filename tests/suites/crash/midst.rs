//! A child of `fork` beside a thread of its parent that is in the midst of something: it has not that thread, and waits for
//! nothing of it. The thread stands still in a system call.

#![expect(unsafe_code, reason = "a copy of a notifier, which only a child drops")]

use std::fs::File;
use std::sync::Arc;

use integration_tests::alone::Alone;
use integration_tests::check::error_of;
use integration_tests::filter::{Which, stick_in};
use integration_tests::fork::in_child;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::{ErrorKind, Options, Reader, Writer};

const CAPACITY: usize = 4;

fn create(address: &str) -> Writer<Quote> {
    let mut writer = Writer::create(address, CAPACITY).unwrap();
    writer.write(0, &quote(1)).unwrap();
    writer
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

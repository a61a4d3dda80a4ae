//! The programs that tutorials of shared memory show, in C, with a program of ours in the place of the second one. Theirs
//! make segments and semaphores as tutorials do, and know nothing of us.

use integration_tests::place::Backend;
use integration_tests::process::Actor;
use shmrecord::{ErrorKind, Semaphore, SemaphoreOptions};

use crate::tools::{SemaphorePlace, bare, c_programs};

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

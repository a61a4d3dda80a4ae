//! Guards that are taken: by whom, until when, and let go of for the dead.

use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::check::error_of;
use integration_tests::foreign::{INDEX, Kind, Program};
use integration_tests::place::{Backend, Part};
use integration_tests::records::{Quote, quote};
use integration_tests::sysv;
use integration_tests::waiting::until;
use shmrecord::{AdoptedWriter, ErrorKind};

use crate::every_program;

fn writer(program: &Program) -> AdoptedWriter<Quote> {
    program.table().timeout(Duration::from_millis(2)).open_writer().unwrap()
}

const DEAD: ErrorKind = ErrorKind::BadArgument { argument: "dead process" };

#[test]
fn a_taken_semaphore_ends_every_access_at_the_timeout() {
    for (kind, pid) in [(Kind::Sysv, Some(std::process::id())), (Kind::Posix, None)] {
        let program = Program::new(Backend::Sysv, kind);
        program.set_guard(0);
        let mut writer = writer(&program);
        let reader = program.table::<Quote>().timeout(Duration::ZERO).open().unwrap();
        let before = program.bytes();
        for result in [reader.read(0), writer.read(0), writer.update(0, |_| panic!("not called"))] {
            let error = result.as_ref().unwrap_err();
            assert_eq!(pid.is_some(), error.found().contains("which still exists"), "{error}");
            assert_eq!(error_of(result, &program.subject()), ErrorKind::LockTimeout { pid });
        }
        let result = writer.write(0, &quote(1));
        assert_eq!(error_of(result, &program.subject()), ErrorKind::LockTimeout { pid });
        assert!(program.bytes() == before, "nothing is stored");
    }
}

#[test]
fn a_dead_holder_that_knew_no_undo_is_named_and_its_semaphore_freed_on_request() {
    let program = Program::new(Backend::Sysv, Kind::Sysv);
    let mut actor = actor!("take", program.set());
    assert_eq!(actor.line(), "taken");
    let (dead, subject) = (actor.pid(), program.subject());
    let mut writer = writer(&program);
    let found = |writer: &mut AdoptedWriter<Quote>, dead, words: &str| {
        let result = writer.free_guard(dead);
        assert!(result.as_ref().unwrap_err().found().contains(words), "{result:?}, not {words}");
        assert_eq!(error_of(result, &subject), DEAD);
        assert_eq!(sysv::value(program.set(), INDEX), 0, "{words}");
    };
    found(&mut writer, Some(dead), "which still exists");
    actor.kill();

    let error = writer.read(0).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::LockTimeout { pid: Some(dead) });
    assert!(error.found().contains("which does not exist any more"), "{error}");
    let (nobody, me) = ("0, name the process that LockTimeout named", std::process::id());
    found(&mut writer, None, nobody);
    found(&mut writer, Some(0), nobody);
    found(&mut writer, Some(me), &format!("{me}, but process {dead} changed it last"));
    found(&mut writer, Some(u32::MAX), "changed it last");

    assert!(writer.free_guard(Some(dead)).unwrap());
    assert_eq!(sysv::value(program.set(), INDEX), 1);
    let result = writer.free_guard(Some(dead));
    assert!(result.as_ref().unwrap_err().found().contains("but the semaphore is 1"), "{result:?}");
    assert_eq!(error_of(result, &subject), DEAD);
    writer.write(0, &quote(1)).unwrap();
    drop(writer);
    assert_eq!(sysv::value(program.set(), INDEX), 1);
}

#[test]
fn without_a_guard_there_is_nothing_to_free() {
    let program = Program::new(Backend::File, Kind::None);
    let mut writer = writer(&program);
    assert!(!writer.free_guard(None).unwrap() && !writer.free_guard(Some(77)).unwrap());
}

#[test]
fn a_set_that_is_removed_meanwhile_is_said_to_be() {
    for backend in Backend::ALL {
        let program = Program::new(backend, Kind::Sysv);
        let mut writer = writer(&program);
        let reader = program.table::<Quote>().open().unwrap();
        // In the midst of an update: its value may have been stored, and the caller learns that it is not sure.
        let result = writer.update(0, |_| {
            sysv::remove_set(program.set());
            quote(1)
        });
        assert_eq!(error_of(result, &program.subject()), ErrorKind::Removed);
        assert_eq!(error_of(reader.read(0), &program.subject()), ErrorKind::Removed);
        assert_eq!(error_of(writer.write(0, &quote(1)), &program.subject()), ErrorKind::Removed);
        assert_eq!(error_of(writer.free_guard(Some(77)), &program.subject()), ErrorKind::Removed);
        assert_eq!(error_of(program.table::<Quote>().open(), &program.subject()), ErrorKind::NotFound);
    }
}

#[test]
fn a_wait_for_a_set_that_is_removed_meanwhile_ends() {
    let program = Program::new(Backend::Posix, Kind::Sysv);
    program.set_guard(0);
    // Longer than any clock counts; a guard that is free is taken at once all the same.
    let reader = program.table::<Quote>().timeout(Duration::MAX).open().unwrap();
    let error = thread::scope(|scope| {
        let waiting = scope.spawn(|| reader.read(0).unwrap_err());
        until("the reader waits for the guard", || sysv::waiting(program.set(), INDEX) != 0);
        sysv::remove_set(program.set());
        waiting.join().unwrap()
    });
    assert_eq!((error.kind(), error.raw_os_error()), (&ErrorKind::Removed, Some(libc::EIDRM)));
}

#[test]
fn a_timeout_longer_than_any_clock_counts_is_none() {
    every_program(|program| {
        let table = program.table::<Quote>().timeout(Duration::MAX);
        let mut writer = table.open_writer().unwrap();
        writer.write(0, &quote(1)).unwrap();
        assert_eq!(writer.update(0, |quote| quote).unwrap(), table.open().unwrap().read(0).unwrap());
    });
}

#[test]
fn guards_are_left_as_they_were_found() {
    every_program(|program| {
        let mut writer = writer(program);
        for _ in 0..3 {
            writer.write(0, &quote(1)).unwrap();
            writer.read(0).unwrap();
        }
        drop(writer);
        if program.subject().starts_with("sysv") && program.subject().ends_with(']') {
            assert_eq!(sysv::value(program.set(), INDEX), 1);
        }
        program.place().remove(Part::Segment);
        assert!(program.place().names().is_empty(), "no guard of ours was made");
    });
}

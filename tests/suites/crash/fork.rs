//! Writers in a process that starts other processes: between `fork` and `exec` a child has every open file of its parent.

#![expect(unsafe_code, reason = "a hook between fork and exec")]

use std::hint::black_box;
use std::io::{Read, Write, pipe};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::thread;

use integration_tests::case::every_backend;
use integration_tests::records::{Quote, quote};
use shmrecord::{Reader, Writer, remove};

const CAPACITY: usize = 4;

/// Runs this while a child of this process stands between `fork` and `exec`.
fn while_a_child_starts(run: impl FnOnce()) {
    let (mut forked, mut child_forked) = pipe().unwrap();
    let (mut child_goes_on, mut go_on) = pipe().unwrap();
    let mut command = Command::new("true");
    // SAFETY: the hook makes a write and a read of a byte each, which may be done after a fork of a process with threads.
    unsafe {
        command.pre_exec(move || {
            child_forked.write_all(&[1])?;
            child_goes_on.read_exact(&mut [0])
        });
    }
    thread::scope(|scope| {
        let starting = scope.spawn(move || command.status().unwrap());
        forked.read_exact(&mut [0]).unwrap();
        // Whatever comes of it, the child must go on.
        let result = catch_unwind(AssertUnwindSafe(run));
        go_on.write_all(&[1]).unwrap();
        if let Err(panic) = result {
            resume_unwind(panic);
        }
        assert!(starting.join().unwrap().success());
    });
}

#[test]
fn a_writer_that_is_dropped_while_a_child_starts_lets_its_role_go() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        while_a_child_starts(|| {
            drop(writer);
            assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
            assert_eq!(Writer::<Quote>::create(address, CAPACITY).unwrap().epoch(), 3);
            remove(address).unwrap();
            assert_eq!(Writer::<Quote>::create(address, CAPACITY).unwrap().epoch(), 1);
        });
    });
}

#[test]
fn a_child_that_drops_its_parents_writer_keeps_its_own_memory_and_the_role_stays() {
    const BYTES: usize = 1 << 20;
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, 2 * BYTES / size_of::<Quote>()).unwrap();
        let inherited = (&raw const writer).expose_provenance();
        let hook = move || {
            // Likely to lie where the parent's mapping is, which this child does not have.
            let memory = black_box(vec![1_u8; BYTES]);
            let inherited = std::ptr::with_exposed_provenance::<Writer<Quote>>(inherited);
            // SAFETY: the copy is dropped in the child alone, where the original is not used again.
            drop(unsafe { inherited.read() });
            assert!(black_box(&memory).iter().all(|byte| *byte == 1));
            Ok(())
        };
        let mut command = Command::new("true");
        // SAFETY: glibc's allocator may be used in a child of a process with threads, and the hook takes no other lock.
        unsafe { command.pre_exec(hook) };
        assert!(command.status().unwrap().success());
        Writer::<Quote>::open(address).unwrap_err();
        writer.write(0, &quote(1)).unwrap();
    });
}

#[test]
fn a_writer_keeps_its_role_while_children_start_and_end() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<Quote>::create(address, CAPACITY).unwrap();
        while_a_child_starts(|| writer.write(0, &quote(1)).unwrap());
        Command::new("true").status().unwrap();
        Writer::<Quote>::open(address).unwrap_err();
        writer.write(0, &quote(2)).unwrap();
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(2));
    });
}

//! Writers in a process that starts other processes: a child of `fork` has every open file of its parent and none of its
//! mappings for writing, and may live on when the parent is dead.

#![expect(unsafe_code, reason = "a hook between fork and exec")]

use std::fs::{self, OpenOptions};
use std::hint::black_box;
use std::io::{Read, Write, pipe};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::process::{self, Command};
use std::thread;
use std::time::Duration;

use integration_tests::actor;
use integration_tests::alone::Alone;
use integration_tests::case::every_backend;
use integration_tests::check::error_of;
use integration_tests::fork::{end, in_child, split};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::tools;
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Options, Reader, Status, Writer, remove};

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

#[test]
fn a_child_has_no_use_of_a_writer_and_may_open_the_table_itself() {
    every_backend(|place| {
        let address = place.address();
        for cells in [1, 4] {
            let mut writer = Options::new().cells(cells).create::<Quote>(address, CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            in_child(|| {
                let forked = |kind: ErrorKind| assert_eq!(kind, ErrorKind::ForkedHandle);
                forked(error_of(writer.write(0, &quote(2)), address));
                forked(error_of(writer.batch(|_| Ok(())), address));
                forked(error_of(writer.read_versioned(0), address));
                forked(error_of(writer.status(), address));
                forked(error_of(writer.sync(), address));
                assert_eq!((writer.epoch(), writer.capacity()), (0, CAPACITY));
                assert!(writer.facts().unwrap().bytes > 0);
                assert!(format!("{writer:?}").contains(address));
                let refused = Writer::<Quote>::open(address);
                let parent = Some(std::os::unix::process::parent_id());
                assert!(
                    matches!(error_of(refused, address), ErrorKind::WriterAlive { pid, .. } if pid == parent)
                );
            });
            writer.write(0, &quote(3)).unwrap();
            assert_eq!(writer.status().unwrap(), Status::Alive);
            assert_eq!(writer.read_versioned(0).unwrap().version, 2);
            in_child(|| {
                // SAFETY: the copy is dropped in the child alone, which ends without dropping the original.
                drop(unsafe { (&raw const writer).read() });
                Writer::<Quote>::open(address).unwrap_err();
            });
            Writer::<Quote>::open(address).unwrap_err();
            drop(writer);
            remove(address).unwrap();
        }
    });
}

/// The boot's id is read once in a process. Here it is a pipe, in which whoever reads it stays until nobody writes to it.
#[test]
fn a_child_that_is_forked_while_a_thread_looks_for_the_boot_has_no_need_of_that_thread() {
    let test = "fork::a_child_that_is_forked_while_a_thread_looks_for_the_boot_has_no_need_of_that_thread";
    let setup = "mkfifo \"$SHMRECORD_TEST_WORD\" \
        && mount --bind \"$SHMRECORD_TEST_WORD\" /proc/sys/kernel/random/boot_id";
    let prepare = || {
        let folder = tools::own_folder(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("boot"));
        (folder.join("boot").to_str().unwrap().to_owned(), folder)
    };
    let folder = Alone::new(test).mounts().setup(setup).run_after(prepare, |pipe| {
        // Fails unless somebody reads.
        let write = || OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(pipe).ok();
        let [own, childs] = [(); 2].map(|()| Place::new(Backend::Posix));
        let create = |place: &Place| Writer::<Quote>::create(place.address(), CAPACITY).map(drop);
        thread::scope(|scope| {
            let creating = scope.spawn(|| create(&own));
            let mut writing = None;
            until("the boot is looked for", || {
                writing = write();
                writing.is_some()
            });
            let Some(child) = split() else {
                drop(writing);
                let pipe = pipe.to_owned();
                thread::spawn(move || {
                    for _ in 0..20_000 {
                        let _ = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&pipe);
                        thread::sleep(Duration::from_millis(1));
                    }
                    end(false);
                });
                end(create(&childs).is_ok());
            };
            drop(writing);
            child.finish();
            creating.join().unwrap().unwrap();
        });
    });
    if let Some(folder) = folder {
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn a_child_reads_on_with_its_parents_reader() {
    every_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let Some(child) = split() else {
            while reader.version(0).unwrap() == 1 {
                thread::yield_now();
            }
            let is_well = reader.read(0).unwrap() == quote(2)
                && reader.snapshot(0..2).unwrap()[0] == quote(2)
                && reader.status().unwrap() == Status::Alive
                && reader.epoch() == 1;
            drop(reader);
            end(is_well);
        };
        writer.write(0, &quote(2)).unwrap();
        child.finish();
    });
}

#[test]
fn a_child_that_is_forked_in_the_midst_of_a_batch_leaves_it_to_its_parent() {
    every_backend(|place| {
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let mut child = None;
        let parent = process::id();
        let result = writer.batch(|batch| {
            batch.set(0, &quote(1))?;
            child = split();
            if process::id() != parent {
                assert_eq!(*batch.get(0).unwrap_err().kind(), ErrorKind::ForkedHandle);
                assert!(!format!("{batch:?}").is_empty());
            }
            batch.set(1, &quote(1))
        });
        let Some(child) = child else {
            end(result.is_err_and(|error| *error.kind() == ErrorKind::ForkedHandle));
        };
        result.unwrap();
        child.finish();
        assert_eq!(writer.read_versioned(1).unwrap().value, quote(1));
    });
}

#[test]
fn a_role_ends_with_its_process_although_a_child_of_it_lives_on() {
    every_backend(|place| {
        let address = place.address();
        let mut actor = actor!("hold");
        assert_eq!(actor.ask(&format!("create {address} {CAPACITY}")), "holds 1");
        actor.take(place);
        assert_eq!(actor.ask("fork"), "forked");
        let pid = actor.pid();
        let held = error_of(Writer::<Quote>::open(address), address);
        assert!(matches!(held, ErrorKind::WriterAlive { pid: Some(it), .. } if it == pid), "{held:?}");
        actor.kill_parent();
        let mut next = Writer::<Quote>::open(address).unwrap();
        assert_eq!(next.epoch(), 2);
        next.write(0, &quote(2)).unwrap();
        let answer = actor.ask("write 0 3");
        assert!(answer.contains(&ErrorKind::ForkedHandle.to_string()), "{answer}");
        assert_eq!(actor.ask(&format!("open {address}")), format!("alive {}", process::id()));
        drop(next);
        assert_eq!(actor.ask(&format!("open {address}")), "holds 3");
        assert_eq!(actor.ask("write 0 3"), "written");
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(3));
    });
}

#[test]
fn no_child_gets_a_guard_that_is_opened_while_it_is_forked() {
    const TABLES: usize = 20;
    let places: Vec<Place> = (0..TABLES).map(|_| Place::new(Backend::Posix)).collect();
    let addresses: Vec<&str> = places.iter().map(Place::address).collect();
    let mut actor = actor!("breed", addresses.join(","));
    assert_eq!(actor.line(), "ready");
    for address in &addresses {
        Writer::<Quote>::open(address).unwrap_err();
    }
    actor.kill_parent();
    for address in addresses {
        // A child that was forked last has its parent's files until it runs, which on a busy machine may be in a while.
        until("the role is free", || match Writer::<Quote>::open(address) {
            Ok(_) => true,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WriterAlive { pid: None, .. }), "{error}");
                false
            }
        });
    }
}

#[test]
fn a_role_ends_with_exec_but_for_that_of_system_v_which_ends_with_the_process() {
    every_backend(|place| {
        let address = place.address();
        let mut actor = actor!("hold");
        assert_eq!(actor.ask(&format!("create {address} {CAPACITY}")), "holds 1");
        actor.take(place);
        assert_eq!(actor.ask("exec"), "becoming");
        assert_eq!(actor.ask("drop"), "dropped");
        let pid = actor.pid();
        if place.backend() == Backend::Sysv {
            let held = error_of(Writer::<Quote>::open(address), address);
            assert!(matches!(held, ErrorKind::WriterAlive { pid: Some(it), .. } if it == pid), "{held:?}");
            actor.kill();
        }
        assert_eq!(Writer::<Quote>::open(address).unwrap().epoch(), 2);
    });
}

//! What cannot be adopted: places that cannot be, guards that are not there, objects that are not to be trusted. Nothing is
//! created, changed or leaked by a call that fails.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use integration_tests::alone::Alone;
use integration_tests::check::{error_of, is_root, skip};
use integration_tests::foreign::{BYTES, COUNT, INDEX, Kind, Program, SEMAPHORES};
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{NO_QUOTE, Quote, quote};
use integration_tests::{memfd, sysv};
use shmrecord::handover::{self, Share};
use shmrecord::{Adopt, ErrorKind, ForeignGuard, Reader, ShmRecord, Writer, remove};

use crate::every_program;

/// The error of both ways to open, with these words.
#[track_caller]
fn refused(table: Adopt<'_, Quote>, subject: &str, words: &str) -> ErrorKind {
    let kinds = [table.open().map(drop), table.open_writer().map(drop)].map(|result| {
        let error = result.as_ref().expect_err(words);
        assert!(error.to_string().contains(words), "`{words}` is missing in: {error}");
        error_of(result, subject)
    });
    assert_eq!(kinds[0], kinds[1]);
    kinds[0].clone()
}

/// Tables that cannot be in a segment of [`BYTES`] bytes, and why.
fn impossible(program: &Program) -> Vec<(Adopt<'_, Quote>, ErrorKind, &'static str)> {
    let bad = |argument| ErrorKind::BadArgument { argument };
    let size = |header| ErrorKind::SizeMismatch { header, actual: BYTES as u64 };
    let counter = |offset, bits, per_record| ForeignGuard::Seqcount { offset, bits, per_record };
    let table = program.table::<Quote>();
    vec![
        (table.offset(60), bad("offset"), "60 bytes, not a multiple of 8"),
        (table.stride(31), bad("stride"), "31 bytes for records of 32"),
        (table.stride(44), bad("stride"), "44 bytes, not a multiple of 8"),
        (table.count(0), bad("count"), "bad count: 0"),
        (table.count(85), size(4128), "offset 64 + 85 records of 32 bytes, 48 apart"),
        (table.count(u64::MAX), size(u64::MAX), "18446744073709551615 records"),
        (table.offset(4096), size(4464), "offset 4096 + 8 records"),
        (table.offset(u64::MAX - 7), size(u64::MAX), "offset 18446744073709551608"),
        (table.guard(counter(8, 16, false)), bad("guard"), "a counter of 16 bits"),
        (table.guard(counter(6, 32, false)), bad("guard"), "counter at 6, not a multiple of 4"),
        (table.guard(counter(64, 32, false)), bad("guard"), "counter at 64 lies in record 0"),
        (table.guard(counter(4096, 32, false)), bad("guard"), "within the segment of 4096 bytes"),
        (table.guard(counter(64, 32, true)), bad("guard"), "lies in the record of 32 bytes"),
        (table.guard(ForeignGuard::Sysv { key: "0", index: 0 }), ErrorKind::BadKey, "0 is IPC_PRIVATE"),
        (table.guard(ForeignGuard::Posix { name: "/a/b" }), ErrorKind::BadName, "a slash inside the name"),
        (table.guard(ForeignGuard::Posix { name: "" }), ErrorKind::BadName, "the name is empty"),
        (table.mode(0o1666), bad("mode"), "1666, expected 0600 to 0777"),
    ]
}

#[test]
fn places_that_cannot_be_are_refused() {
    for backend in Backend::ALL {
        let program = Program::new(backend, Kind::None);
        let before = program.bytes();
        for (table, kind, words) in impossible(&program) {
            let subject = match kind {
                ErrorKind::BadKey => "sysv:0[0]",
                ErrorKind::BadName => "posix:",
                _ => program.place().address(),
            };
            assert_eq!(refused(table, subject, words), kind);
        }
        assert!(program.bytes() == before);
        // As many as fit: the last of them ends before the segment does.
        let rest = Adopt::<Quote>::new(program.place().address(), ForeignGuard::None).offset(64);
        assert_eq!(rest.open().unwrap().count(), (BYTES - 64) / 32);
        assert_eq!(
            refused(rest.offset(4072), "", "1 records"),
            ErrorKind::SizeMismatch { header: 4104, actual: 4096 }
        );
    }
}

#[test]
fn a_segment_or_guard_that_is_not_there_is_not_made() {
    let nowhere = Place::new(Backend::Sysv);
    let (key, name) = (format!("{:#x}", nowhere.key()), format!("/shmrecord-test-none-{}", nowhere.key()));
    for backend in Backend::ALL {
        let program = Program::new(backend, Kind::None);
        let table = program.table::<Quote>();
        let sysv = table.guard(ForeignGuard::Sysv { key: &key, index: 0 });
        assert_eq!(refused(sysv, &format!("sysv:{key}[0]"), "semget"), ErrorKind::NotFound);
        let posix = table.guard(ForeignGuard::Posix { name: &name });
        assert_eq!(refused(posix, &format!("posix:{name}"), "open"), ErrorKind::NotFound);
        program.place().remove(Part::Segment);
        assert_eq!(refused(table, program.place().address(), ""), ErrorKind::NotFound);
        assert!(program.place().names().is_empty() && nowhere.names().is_empty());
    }
    for address in ["quotes", "shm:/quotes", "posix:/a/b", "sysv:quotes"] {
        let error = Adopt::<Quote>::new(address, ForeignGuard::None).open().unwrap_err();
        let kinds = [ErrorKind::BadAddress, ErrorKind::BadName, ErrorKind::BadKey];
        assert!(kinds.contains(error.kind()), "{error}");
    }
}

#[test]
fn a_semaphore_past_the_end_of_its_set_is_refused() {
    let program = Program::new(Backend::Posix, Kind::Sysv);
    let key = format!("{:#x}", program.set());
    for index in [3, u16::MAX] {
        assert!(i32::from(index) >= SEMAPHORES);
        let table = program.table().guard(ForeignGuard::Sysv { key: &key, index });
        let words = format!("3 semaphores, number {index} asked for");
        assert_eq!(refused(table, &format!("sysv:{key}[{index}]"), &words), ErrorKind::GuardMismatch);
    }
}

#[test]
fn what_everybody_may_write_is_adopted_on_request_only() {
    every_program(|program| {
        let address = program.place().address();
        program.place().set_mode(Part::Segment, 0o666);
        if program.place().backend() == Backend::Memfd {
            // Its mode, which was 0777 before, counts for nothing: who was given it has it.
            assert_eq!(program.table::<Quote>().open_writer().unwrap().count(), COUNT);
            return;
        }
        let kind = refused(program.table(), address, "mode 0666 lets everybody write");
        assert_eq!(kind, ErrorKind::TooPermissive { mode: 0o666 });
        let reader = program.table::<Quote>().mode(0o666).open().unwrap();
        assert_eq!(reader.count(), COUNT);
        assert_eq!(program.place().mode(Part::Segment), 0o666);
    });
}

#[test]
fn a_semaphore_that_everybody_may_use_is_taken_on_request_only() {
    for kind in [Kind::Sysv, Kind::Posix] {
        let program = Program::new(Backend::File, kind);
        if kind == Kind::Sysv {
            let mut facts = sysv::set_facts(program.set());
            facts.sem_perm.mode = 0o666;
            sysv::set_set_facts(program.set(), facts);
        } else {
            let name = program.subject().replace("posix:/", "/dev/shm/sem.");
            fs::set_permissions(name, fs::Permissions::from_mode(0o666)).unwrap();
        }
        let found = refused(program.table(), &program.subject(), "mode 0666 lets everybody write");
        assert_eq!(found, ErrorKind::TooPermissive { mode: 0o666 });
        program.table::<Quote>().mode(0o666).open().unwrap().read(0).unwrap();
    }
}

#[test]
fn another_users_segment_is_adopted_on_request_only() {
    if !is_root() {
        return skip("only root can give a segment away");
    }
    for backend in Backend::ALL {
        let program = Program::new(backend, Kind::None);
        program.place().give(Part::Segment, 4711);
        let kind = refused(program.table(), program.place().address(), "owned by user 4711");
        assert_eq!(kind, ErrorKind::BadOwner { uid: 4711 });
        program.table::<Quote>().owner(4711).open_writer().unwrap();
    }
}

#[test]
fn a_memfd_that_can_be_cut_is_adopted_on_request_only() {
    let place = Place::new(Backend::Memfd);
    for (seals, missing) in [
        (0, "F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL"),
        (libc::F_SEAL_SHRINK, "F_SEAL_GROW, F_SEAL_SEAL"),
        (libc::F_SEAL_SHRINK | libc::F_SEAL_GROW, "F_SEAL_SEAL"),
    ] {
        memfd::enter(place.address(), &[&memfd::make(&[0; BYTES], seals)]);
        let table = Adopt::<Quote>::new(place.address(), ForeignGuard::None);
        let kind = refused(table, place.address(), missing);
        assert_eq!(kind, ErrorKind::Unsealed { missing: missing.into() });
        let mut writer = table.accept_unsealed(true).open_writer().unwrap();
        writer.write(1, &quote(1)).unwrap();
        assert_eq!(table.accept_unsealed(true).open().unwrap().read(1).unwrap(), quote(1));
    }
}

#[test]
fn a_memfd_that_was_handed_over_for_reading_is_not_written() {
    let program = Program::new(Backend::Memfd, Kind::None);
    let address = program.place().address();
    let [ours, theirs] = memfd::sockets(libc::SOCK_STREAM);
    handover::send(&ours, address, Share::Reader).unwrap();
    assert_eq!(handover::receive(&theirs, Duration::ZERO).unwrap(), address);
    let writer = program.table::<Quote>().open_writer();
    assert_eq!(error_of(writer, address), ErrorKind::PermissionDenied);
    assert_eq!(program.table::<Quote>().open().unwrap().read(0).unwrap(), NO_QUOTE);
}

#[test]
fn what_is_no_segment_is_refused() {
    for backend in Backend::NAMED {
        let place = Place::new(backend);
        let table = Adopt::new(place.address(), ForeignGuard::None);
        fs::create_dir(place.path()).unwrap();
        let kind = refused(table, place.address(), "directory");
        assert_eq!(kind, ErrorKind::NotRegular { kind: "directory" });
        fs::remove_dir(place.path()).unwrap();
        fs::write(place.path(), "").unwrap();
        let kind = refused(table, place.address(), "0 bytes long, 32 expected: offset 0 + 1 records");
        assert_eq!(kind, ErrorKind::SizeMismatch { header: 32, actual: 0 });
    }
}

#[test]
fn a_table_of_ours_is_opened_as_one() {
    for backend in Backend::PUBLIC {
        let place = Place::new(backend);
        let mut writer = Writer::<Quote>::create(place.address(), 4).unwrap();
        writer.write(0, &quote(1)).unwrap();
        let words = "bad address: a table of shmrecord: open it as one";
        let bad = ErrorKind::BadArgument { argument: "address" };
        let table = Adopt::new(place.address(), ForeignGuard::None);
        assert_eq!(refused(table, place.address(), words), bad);
        // Sizes come before, guards behind.
        let kind = refused(table.count(u64::MAX), place.address(), "records");
        assert!(matches!(kind, ErrorKind::SizeMismatch { .. }), "{kind:?}");
        let nowhere = ForeignGuard::Posix { name: "/shmrecord-test-no-such-name" };
        assert_eq!(refused(table.guard(nowhere), place.address(), words), bad);
        assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
        drop(writer);
        remove(place.address()).unwrap();
    }
    let program = Program::new(Backend::File, Kind::None);
    for magic in [u64::from_le_bytes(*b"SHMRECRD"), u64::from_be_bytes(*b"SHMRECRD")] {
        program.put(0, &[magic]);
        refused(program.table(), program.place().address(), "a table of shmrecord");
        // Only there it means something.
        program.put(0, &[0, magic]);
        assert_eq!(program.table::<Quote>().open().unwrap().count(), COUNT);
    }
    // Nothing of ours is so short that it has no first word.
    let place = Place::new(Backend::File);
    fs::write(place.path(), b"SHMRECR").unwrap();
    let short = Adopt::<Letters>::new(place.address(), ForeignGuard::None);
    assert_eq!(short.open_writer().unwrap().read(0).unwrap().letters, *b"SHMRECR");
}

#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct Letters {
    letters: [u8; 7],
}

#[test]
fn no_call_leaves_a_descriptor_or_a_mapping() {
    Alone::new("refusal::no_call_leaves_a_descriptor_or_a_mapping").run(|| {
        let calls = || {
            every_program(|program| {
                let mut writer = program.table::<Quote>().open_writer().unwrap();
                writer.update(0, |quote| quote).unwrap();
                program.table::<Quote>().open().unwrap().read(0).unwrap();
                let key = format!("{:#x}", program.place().address().len());
                let table = program.table::<Quote>();
                for (table, ..) in impossible(program) {
                    table.open().unwrap_err();
                    table.open_writer().unwrap_err();
                }
                for guard in [
                    ForeignGuard::Sysv { key: &key, index: INDEX },
                    ForeignGuard::Posix { name: "/shmrecord-test-no-such-name" },
                ] {
                    table.guard(guard).open().unwrap_err();
                    table.guard(guard).open_writer().unwrap_err();
                }
                program.place().remove(Part::Segment);
                table.open().unwrap_err();
            });
        };
        calls();
        let before = open_things();
        for _ in 0..3 {
            calls();
            assert_eq!(open_things(), before);
        }
    });
}

/// Open descriptors, and mappings of what these tests make.
fn open_things() -> (usize, usize) {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let of_tests = |line: &&str| line.contains("shmrecord-test") || line.contains("/SYSV");
    (fs::read_dir("/proc/self/fd").unwrap().count(), maps.lines().filter(of_tests).count())
}

//! What can go wrong: something else under the name, other owners and modes, no space, removal in use.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use shmrecord::{ErrorKind, Semaphore, SemaphoreOptions};

use crate::place::{NOBODY, Place};
use crate::{error_of, program, skip, until};

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The program as the account `nobody`; `None` where that cannot be.
fn program_of_nobody() -> Option<Command> {
    let mut command = program();
    command.uid(NOBODY).gid(NOBODY);
    let runs = is_root() && command.stderr(Stdio::null()).status().is_ok();
    if !runs {
        skip("the program cannot be run as another account");
    }
    command = program();
    command.uid(NOBODY).gid(NOBODY);
    runs.then_some(command)
}

/// What the program says when it fails.
#[track_caller]
fn complaint(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "this should have failed");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn impossible_options_create_nothing() {
    for place in Place::both() {
        let address = place.address();
        for mode in [0, 0o400, 0o066, 0o777, 0o1600] {
            let result = SemaphoreOptions::new().mode(mode).open_or_create(address, 1);
            assert_eq!(error_of(result, address), ErrorKind::BadArgument { argument: "mode" }, "{mode:o}");
        }
        assert_eq!(error_of(Semaphore::open(address), address), ErrorKind::NotFound);
    }
    let place = Place::posix();
    let undo = SemaphoreOptions::new().undo(true);
    for result in [undo.create(place.address(), 1), undo.open(place.address())] {
        assert_eq!(error_of(result, place.address()), ErrorKind::BadArgument { argument: "undo" });
    }
}

#[test]
fn what_is_no_semaphore_is_refused_and_stays() {
    let place = Place::posix();
    let (address, file) = (place.address(), place.file());
    let path = Path::new(&file);
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    type Maker<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Maker<'_>, ErrorKind); 6] = [
        ("directory", &|path| fs::create_dir(path).unwrap(), ErrorKind::NotRegular { kind: "directory" }),
        (
            "dangling link",
            &|path| symlink("/no/file", path).unwrap(),
            ErrorKind::NotRegular { kind: "symbolic link" },
        ),
        (
            "link",
            &|path| symlink("/etc/passwd", path).unwrap(),
            ErrorKind::NotRegular { kind: "symbolic link" },
        ),
        ("FIFO", &fifo, ErrorKind::NotRegular { kind: "FIFO" }),
        (
            "empty file",
            &|path| fs::write(path, "").unwrap(),
            ErrorKind::SizeMismatch { header: 32, actual: 0 },
        ),
        (
            "page",
            &|path| fs::write(path, [0; 4096]).unwrap(),
            ErrorKind::SizeMismatch { header: 32, actual: 4096 },
        ),
    ];
    for (what, make, kind) in cases {
        make(path);
        assert_eq!(error_of(Semaphore::open(address), address), kind, "{what}");
        assert_eq!(error_of(Semaphore::open_or_create(address, 1), address), kind, "{what}");
        assert_eq!(error_of(Semaphore::create(address, 1), address), ErrorKind::AlreadyExists, "{what}");
        assert_eq!(error_of(Semaphore::unlink(address), address), kind, "{what}");
        assert!(path.symlink_metadata().is_ok(), "{what} stays");
        let remove = if what == "directory" { fs::remove_dir } else { fs::remove_file };
        remove(path).unwrap();
    }
}

#[test]
fn the_mode_is_as_asked_whatever_the_umask() {
    for (umask, mode) in [("077", 0o666), ("000", 0o600), ("022", 0o660)] {
        for place in Place::both() {
            let mut shell = Command::new("sh");
            shell.args(["-c", r#"umask "$0"; exec "$@""#, umask]).arg(program().get_program());
            shell.args(["--mode", &format!("{mode:o}"), "create", place.address(), "1"]);
            assert!(shell.status().unwrap().success());
            let found = if place.address().starts_with("posix") {
                fs::metadata(place.file()).unwrap().mode() & 0o7777
            } else {
                // Key, id, permissions.
                let sets = fs::read_to_string("/proc/sysvipc/sem").unwrap();
                let set = sets.lines().find(|line| line.trim().starts_with(&place.key().to_string()));
                u32::from_str_radix(set.unwrap().split_ascii_whitespace().nth(2).unwrap(), 8).unwrap()
            };
            assert_eq!(found, mode, "{} under umask {umask}", place.address());
        }
    }
}

#[test]
fn what_everybody_may_use_is_trusted_on_request_only() {
    for place in Place::both() {
        let address = place.address();
        let options = SemaphoreOptions::new().mode(0o666);
        options.create(address, 1).unwrap();
        let kind = ErrorKind::TooPermissive { mode: 0o666 };
        assert_eq!(error_of(Semaphore::open(address), address), kind);
        assert_eq!(error_of(Semaphore::open_or_create(address, 1), address), kind);
        assert_eq!(error_of(Semaphore::unlink(address), address), kind);
        assert_eq!(options.open(address).unwrap().value().unwrap(), 1);
        options.unlink(address).unwrap();
    }
}

#[test]
fn semaphores_of_others_are_trusted_on_request_only() {
    for place in Place::both() {
        let address = place.address();
        let Some(mut create) = program_of_nobody() else { return };
        assert!(create.args(["create", address, "1"]).status().unwrap().success());
        let kind = ErrorKind::BadOwner { uid: NOBODY };
        assert_eq!(error_of(Semaphore::open(address), address), kind);
        assert_eq!(error_of(Semaphore::open_or_create(address, 1), address), kind);
        assert_eq!(error_of(Semaphore::unlink(address), address), kind);
        let options = SemaphoreOptions::new().owner(NOBODY);
        assert_eq!(options.open(address).unwrap().value().unwrap(), 1);
        options.unlink(address).unwrap();
    }
}

#[test]
fn who_may_not_use_it_gets_a_permission_error() {
    for place in Place::both() {
        let address = place.address();
        Semaphore::create(address, 1).unwrap();
        for verb in ["wait", "ensure", "unlink"] {
            let Some(mut command) = program_of_nobody() else { return };
            let text = complaint(command.args([verb, address, "1"]));
            assert!(text.contains("permission denied") && text.contains("(os error 13)"), "{text}");
        }
        assert_eq!(Semaphore::open(address).unwrap().value().unwrap(), 1);
    }
}

#[test]
fn no_space_is_a_clear_error() {
    let sets = "echo '32000 1024000000 500 0' > /proc/sys/kernel/sem";
    let pages = "echo full > /dev/shm/full";
    for (place, use_up, words) in [
        (Place::sysv(), sets, "no space: semget, limited by SEMMNI"),
        (Place::posix(), pages, "no space for 32 bytes"),
    ] {
        let setup = format!("mount -t tmpfs -o size=4k tmpfs /dev/shm && {use_up}");
        let unshare = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["--ipc", "--mount", "--propagation", "private", "sh", "-c", script]);
            command.arg(program().get_program()).arg(place.address());
            command
        };
        if !unshare(&setup).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            skip("no namespaces of its own, or no limits in them");
            continue;
        }
        let listing = "ls /dev/shm | grep -v full; tail -n +2 /proc/sysvipc/sem";
        for verb in ["create", "ensure"] {
            let output = unshare(&format!(r#"{setup}; "$0" {verb} "$1" 1; {listing}"#)).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(text.contains(words) && text.contains("(os error 28)"), "{verb}: {text}");
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{verb} left something");
        }
    }
}

#[test]
fn who_waits_for_a_removed_set_is_told() {
    let place = Place::sysv();
    let address = place.address();
    let semaphore = Semaphore::create(address, 0).unwrap();
    thread::scope(|scope| {
        let waiters =
            [scope.spawn(|| semaphore.wait()), scope.spawn(|| semaphore.wait_timeout(crate::LONG).map(drop))];
        until("both threads wait", || semaphore.waiting().unwrap() == Some(2));
        Semaphore::unlink(address).unwrap();
        for waiter in waiters {
            assert_eq!(error_of(waiter.join().unwrap(), address), ErrorKind::Removed);
        }
    });
    Semaphore::create(address, 1).unwrap();
    let results = [
        semaphore.wait(),
        semaphore.wait_timeout(Duration::ZERO).map(drop),
        semaphore.try_wait().map(drop),
        semaphore.post(),
        semaphore.value().map(drop),
        semaphore.waiting().map(drop),
        semaphore.last_pid().map(drop),
    ];
    for result in results {
        assert_eq!(error_of(result, address), ErrorKind::Removed, "a successor is another set");
    }
}

#[test]
fn an_unlinked_posix_semaphore_stays_with_those_who_have_it() {
    let place = Place::posix();
    let [one, two] =
        [Semaphore::create(place.address(), 0).unwrap(), Semaphore::open(place.address()).unwrap()];
    Semaphore::unlink(place.address()).unwrap();
    let successor = Semaphore::create(place.address(), 5).unwrap();
    one.post().unwrap();
    two.wait().unwrap();
    assert_eq!(successor.value().unwrap(), 5);
}

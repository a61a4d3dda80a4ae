//! A writer that dumps core: dead for its users, and not yet for the kernel, which alone decides.

use std::fs;
use std::process::Command;
use std::time::Duration;

use integration_tests::case::every_public_backend;
use integration_tests::check::{error_of, skip};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Pattern, Pattern64};
use shmrecord::{ErrorKind, Reader, Status, Writer};

const CAPACITY: usize = 4;
/// What takes a while to be written down.
const BYTES: usize = 256 << 20;

#[test]
fn it_is_alive_until_the_dump_is_written_and_dead_then() {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if pattern.trim().is_empty() || pattern.starts_with(['|', '/', '@']) {
        return skip(&format!("core dumps go to `{}`", pattern.trim()));
    }
    every_public_backend(|place| {
        let folder = Place::new(Backend::File); // the dump goes with it
        let words = format!(
            "ulimit -c unlimited && exec {} core {} {CAPACITY} {BYTES}",
            env!("CARGO_BIN_EXE_actor"),
            place.address()
        );
        let mut actor = Actor::spawn(Command::new("sh").args(["-c", &words]).current_dir(folder.directory()));
        if actor.line() != "ready" {
            return skip("`ulimit -c unlimited` is not permitted");
        }
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        let before = reader.age().unwrap();
        actor.say("abort");
        let mut seen = 0;
        while !has_ended(actor.pid()) {
            let was_dumping = is_dumping(actor.pid());
            let status = reader.status().unwrap();
            let record = reader.read_versioned(0).unwrap();
            assert_eq!((record.value, record.version), (Pattern64::of(0, 1), 1));
            let refused = if seen == 0 { Some(Writer::<Pattern64>::open(place.address())) } else { None };
            if was_dumping && is_dumping(actor.pid()) {
                seen += 1;
                assert_eq!(status, Status::Alive);
                if let Some(refused) = refused {
                    let pid = Some(actor.pid());
                    let kind = error_of(refused, place.address());
                    assert!(
                        matches!(kind, ErrorKind::WriterAlive { pid: found, .. } if found == pid),
                        "{kind:?}"
                    );
                }
            }
        }
        assert!(!actor.outcome().success());
        assert!(reader.age().unwrap() >= before, "it has been silent");
        assert_eq!(reader.status().unwrap(), Status::Dead);
        let mut next = Writer::<Pattern64>::open(place.address()).unwrap();
        assert_eq!((next.epoch() >= 2, reader.status().unwrap()), (true, Status::Alive));
        next.beat();
        assert!(reader.read_fresh(0, Duration::from_secs(3600)).is_ok());
        if seen == 0 {
            skip("the kernel does not say that it dumps core (Linux 4.15), or it took no time");
        }
        println!("alive in {seen} looks");
    });
}

/// A line of `/proc/PID/status`, without its name.
fn told(pid: u32, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
}

fn is_dumping(pid: u32) -> bool {
    told(pid, "CoreDumping:").is_some_and(|value| value == "1")
}

/// Whether it is over, though nobody has asked for it.
fn has_ended(pid: u32) -> bool {
    told(pid, "State:").is_none_or(|state| state.starts_with(['Z', 'X']))
}

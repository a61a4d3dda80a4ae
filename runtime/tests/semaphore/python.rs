//! Python's `sysv_ipc` and `posix_ipc`, and `ipcs` and `ipcrm`, on our semaphores; we on theirs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use shmrecord::{ErrorKind, Semaphore};

use crate::place::Place;
use crate::{error_of, skip, until};

/// What defines `create(initial)`, `open()` and `unlink(s)` for an address, in Python; then it obeys, line by line.
const SCRIPT: &str = r#"
import sys, posix_ipc, sysv_ipc
kind, rest = sys.argv[1].split(":")
if kind == "posix":
    create = lambda initial: posix_ipc.Semaphore(rest, posix_ipc.O_CREX, initial_value=initial)
    open = lambda: posix_ipc.Semaphore(rest)
    unlink = lambda s: s.unlink()
else:
    key = int(rest, 16) - (1 << 32)
    create = lambda initial: sysv_ipc.Semaphore(key, sysv_ipc.IPC_CREX, initial_value=initial)
    open = lambda: sysv_ipc.Semaphore(key)
    unlink = lambda s: s.remove()
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"#;

/// A Python process that has such a semaphore as `s`.
struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// `None`, and a word about it, where a package is missing.
    fn start(address: &str) -> Option<Self> {
        let mut probe = Command::new("python3");
        probe.args(["-c", "import sysv_ipc, posix_ipc"]).stderr(Stdio::null());
        if !probe.status().is_ok_and(|status| status.success()) {
            skip("python3 with sysv_ipc and posix_ipc: python3 -m pip install sysv_ipc posix_ipc");
            return None;
        }
        let mut python = Command::new("python3");
        python.args(["-c", SCRIPT, address]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, input, output })
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    #[track_caller]
    fn heard(&mut self) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n", "Python failed");
    }

    #[track_caller]
    fn run(&mut self, line: &str) {
        self.say(line);
        self.heard();
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both sides post, wait, wait for one another and see the same value.
fn talk(python: &mut Python, ours: &Semaphore, value: u32) {
    assert_eq!(ours.value().unwrap(), value);
    python.run(&format!("assert s.value == {value}"));
    python.run("s.release()");
    ours.wait().unwrap();
    ours.post().unwrap();
    python.run("s.acquire()");
    assert_eq!(ours.value().unwrap(), value);
    for _ in 0..value {
        ours.wait().unwrap();
    }
    python.run("assert s.value == 0");

    python.say("s.acquire()");
    thread::sleep(std::time::Duration::from_millis(5));
    if ours.waiting().unwrap().is_some() {
        until("Python waits", || ours.waiting().unwrap() == Some(1));
        assert!(ours.value().unwrap() == 0);
    }
    ours.post().unwrap();
    python.heard();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| ours.wait());
        python.run("s.release()");
        waiter.join().unwrap().unwrap();
    });
    assert_eq!(ours.value().unwrap(), 0);
}

#[test]
fn python_uses_our_semaphores() {
    for place in Place::both() {
        let Some(mut python) = Python::start(place.address()) else { return };
        let ours = Semaphore::create(place.address(), 3).unwrap();
        python.run("s = open()");
        talk(&mut python, &ours, 3);
        python.run("unlink(s)");
        assert_eq!(error_of(Semaphore::open(place.address()), place.address()), ErrorKind::NotFound);
    }
}

#[test]
fn we_use_semaphores_of_python() {
    for place in Place::both() {
        let Some(mut python) = Python::start(place.address()) else { return };
        python.run("s = create(2)");
        assert_eq!(
            error_of(Semaphore::create(place.address(), 9), place.address()),
            ErrorKind::AlreadyExists
        );
        talk(&mut python, &Semaphore::open_or_create(place.address(), 9).unwrap(), 2);
        Semaphore::unlink(place.address()).unwrap();
    }
}

#[test]
fn python_makes_the_same_key_of_a_file() {
    let address = "sysv:ftok(/proc/self/exe,7)";
    let program = std::env::current_exe().unwrap();
    let Some(mut python) = Python::start("posix:/none") else { return };
    Semaphore::create(address, 6).unwrap();
    python.run(&format!("key = sysv_ipc.ftok('{}', 7, True)", program.display()));
    python.run("s = sysv_ipc.Semaphore(key); assert s.value == 6");
    Semaphore::unlink(address).unwrap();
}

#[test]
fn ipcs_shows_our_set_and_ipcrm_removes_it() {
    let place = Place::sysv();
    let semaphore = Semaphore::create(place.address(), 1).unwrap();
    let key = format!("{:#010x}", place.key());
    let Ok(output) = Command::new("ipcs").arg("-s").output() else { return skip("ipcs") };
    let list = String::from_utf8(output.stdout).unwrap();
    let line = list.lines().find(|line| line.starts_with(&key)).expect("ipcs lists the key");
    let columns: Vec<_> = line.split_ascii_whitespace().collect();
    assert_eq!(columns[3..], ["600", "2"], "mode and number of semaphores");
    assert!(Command::new("ipcrm").args(["-S", &key]).status().unwrap().success());
    assert_eq!(error_of(semaphore.post(), place.address()), ErrorKind::Removed);
    assert_eq!(error_of(Semaphore::open(place.address()), place.address()), ErrorKind::NotFound);
}

//! The actor: another process, with a role, to talk to over pipes, to stop and to kill. Relies on `std`; what the roles are
//! stands in `bin/actor.rs`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::check;

/// A process of this package. It ends when its standard input does, and is killed on drop.
#[derive(Debug)]
pub struct Actor {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Starts the actor in a role: `actor!("hold")`.
#[macro_export]
macro_rules! actor {
    ($($argument:expr),+ $(,)?) => {
        $crate::process::Actor::start(env!("CARGO_BIN_EXE_actor"), &[$(&$argument.to_string()),+])
    };
}

impl Actor {
    /// Starts this program.
    #[must_use]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the actor starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self { child, input, output }
    }

    /// Starts this program as process 1 of a PID namespace, with `/proc` of its own or that of everybody else. `None`, and
    /// skipped, where the system forbids that.
    #[must_use]
    pub fn start_apart(program: &str, arguments: &[&str], own_proc: bool) -> Option<Self> {
        let mut options = vec!["--pid", "--fork", "--kill-child"];
        options.extend(own_proc.then_some("--mount-proc"));
        options.extend((!check::is_root()).then_some("--map-root-user"));
        let allowed = Command::new("unshare").args(&options).arg("true").stderr(Stdio::null()).status();
        if !allowed.is_ok_and(|status| status.success()) {
            check::skip("`unshare` is not permitted");
            return None;
        }
        options.push(program);
        options.extend(arguments);
        Some(Self::start("unshare", &options))
    }

    /// Its process id; that of its parent when it was started apart, with whose death it dies a little later.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a line.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        writeln!(input, "{line}").expect("the actor reads");
    }

    /// The next line it prints; empty when it has ended.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the actor prints text");
        line.trim_end().to_owned()
    }

    /// Sends it a line and waits for the answer.
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.line()
    }

    /// Closes its input and returns what it prints before it ends.
    pub fn end(mut self) -> String {
        self.input = None;
        let last = self.line();
        self.child.wait().expect("the actor ends");
        last
    }

    /// `kill -9`; returns when it is dead.
    pub fn kill(mut self) {
        self.kill_and_wait();
    }

    /// `SIGSTOP`; returns when it is stopped.
    pub fn stop(&self) {
        self.signal("STOP");
        while state_of(self.pid()) != Some('T') {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// `SIGCONT`.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid())]).status();
        assert!(status.expect("sh runs").success(), "kill -{name}");
    }

    fn kill_and_wait(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill_and_wait();
    }
}

/// The state of a process: `R`, `S`, `T`, field 3 of `/proc/PID/stat`.
fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

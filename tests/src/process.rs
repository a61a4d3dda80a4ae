//! The actor: another process, with a role, to talk to over a socket and a pipe, to stop and to kill. Relies on `std`, and on
//! the hand-over where a kind of segment needs one; what the roles are stands in `bin/actor.rs`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use shmrecord::handover::{self, Share};

use crate::check;
use crate::place::{Backend, Place};

/// How long a hand-over may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process of this package. It ends when its standard input does, and is killed on drop.
#[derive(Debug)]
pub struct Actor {
    child: Child,
    input: Option<UnixStream>,
    output: BufReader<ChildStdout>,
}

/// Starts the actor in a role: `actor!("hold")`, or `actor!(for &place; "write", ..)` with what this process holds there.
#[macro_export]
macro_rules! actor {
    (for $place:expr; $($argument:expr),+ $(,)?) => {
        $crate::process::Actor::heir($place, env!("CARGO_BIN_EXE_actor"), &[$(&$argument.to_string()),+])
    };
    ($($argument:expr),+ $(,)?) => {
        $crate::process::Actor::start(env!("CARGO_BIN_EXE_actor"), &[$(&$argument.to_string()),+])
    };
}

impl Actor {
    /// Starts this program.
    #[must_use]
    pub fn start(program: &str, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(program).args(arguments))
    }

    /// As [`Actor::start`]; a table at this place that only this process could find is inherited.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn heir(place: &Place, program: &str, arguments: &[&str]) -> Self {
        Self::heir_by(place, Command::new(program).args(arguments))
    }

    /// As [`Actor::heir`], by this command.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn heir_by(place: &Place, command: &mut Command) -> Self {
        if place.backend() == Backend::Memfd {
            handover::inherit(command, place.address(), Share::Writer).expect("a table of this process");
        }
        Self::spawn(command)
    }

    /// Starts this command, whose input and output become this value's.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(command: &mut Command) -> Self {
        let (input, theirs) = UnixStream::pair().expect("a pair of sockets");
        Self::over(command, input, theirs.into())
    }

    /// As [`Actor::spawn`], over these two ends of a socket; the second is the actor's.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn over(command: &mut Command, input: UnixStream, theirs: OwnedFd) -> Self {
        let mut child =
            command.stdin(Stdio::from(theirs)).stdout(Stdio::piped()).spawn().expect("the actor starts");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self { child, input: Some(input), output }
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

    /// The socket that is its input.
    ///
    /// # Panics
    /// When it was closed.
    #[must_use]
    pub fn input(&self) -> &UnixStream {
        self.input.as_ref().expect("its input is open")
    }

    /// Sends it a line.
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        // In one piece: an actor may be done with the line before a second piece is written.
        input.write_all(format!("{line}\n").as_bytes()).expect("the actor reads");
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

    /// Lets it find the table at this place, in the role `hold`: hands it over if that is needed.
    ///
    /// # Panics
    /// When it does not arrive.
    pub fn give(&mut self, place: &Place) {
        if place.backend() == Backend::Memfd {
            self.send(place.address(), Share::Writer);
        }
    }

    /// Hands this share of a memfd over to it.
    ///
    /// # Panics
    /// When it does not arrive.
    pub fn send(&mut self, address: &str, share: Share) {
        assert_eq!(self.ask("receive"), "receiving");
        handover::send(self.input(), address, share).expect("it is sent");
        assert_eq!(self.line(), format!("received {address}"));
    }

    /// Lets this process find the table that it made at this place, in the role `hold`, the other way round.
    ///
    /// # Panics
    /// When it does not arrive.
    pub fn take(&mut self, place: &Place) {
        if place.backend() != Backend::Memfd {
            return;
        }
        self.say(&format!("send {}", place.address()));
        assert_eq!(handover::receive(self.input(), PATIENCE).expect("it is sent"), place.address());
        assert_eq!(self.line(), "sent");
    }

    /// Closes its input and returns what it prints before it ends.
    pub fn end(mut self) -> String {
        self.input = None;
        let last = self.line();
        self.child.wait().expect("the actor ends");
        last
    }

    /// How it ends by itself.
    ///
    /// # Panics
    /// When nobody knows.
    #[must_use]
    pub fn outcome(mut self) -> ExitStatus {
        self.child.wait().expect("the actor ends")
    }

    /// `kill -9`; returns when it is dead.
    pub fn kill(mut self) {
        self.kill_and_wait();
    }

    /// As [`Actor::kill`].
    ///
    /// # Panics
    /// When it has ended by itself.
    pub fn kill_at_work(mut self) {
        assert_eq!(self.child.try_wait().expect("it can be asked"), None, "how it ended by itself");
        self.kill_and_wait();
    }

    /// `kill -9` of a parent that has left its part to a child, with which this goes on; returns when it is dead.
    pub fn kill_parent(&mut self) {
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

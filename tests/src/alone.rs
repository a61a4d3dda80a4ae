//! A test's body in a process of its own, where limits, rights, mounts and descriptors can be anything. Relies on the test
//! program's own options and, for limits and mounts, on `sh` and `unshare`.
//!
//! The test program starts itself again for this one test; there the body runs instead.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};

use crate::check;

/// Set in the process that runs a body.
const MARK: &str = "SHMRECORD_TEST_ALONE";
/// What the test tells the body and, as `$SHMRECORD_TEST_WORD`, the shell commands before it.
const WORD: &str = "SHMRECORD_TEST_WORD";
/// The account `nobody`, which owns nothing.
pub const NOBODY: u32 = 65534;

/// A process for the body of one test.
#[derive(Debug)]
pub struct Alone<'a> {
    test: &'a str,
    setup: String,
    unshared: &'static [&'static str],
    nobody: bool,
}

impl<'a> Alone<'a> {
    /// For the test of this name in this test program: `limits::nothing_leaks`.
    #[must_use]
    pub fn new(test: &'a str) -> Self {
        Self { test, setup: ":".into(), unshared: &[], nobody: false }
    }

    /// Runs these shell commands first: `umask 077`, `ulimit -n 20`.
    #[must_use]
    pub fn setup(mut self, commands: impl Into<String>) -> Self {
        self.setup = commands.into();
        self
    }

    /// With mounts of its own; skipped where the system forbids that.
    #[must_use]
    pub fn mounts(mut self) -> Self {
        self.unshared = &["--mount"];
        self
    }

    /// With System V objects and limits of its own; skipped where the system forbids that.
    #[must_use]
    pub fn ipc(mut self) -> Self {
        self.unshared = &["--ipc"];
        self
    }

    /// With clocks, but for that of the day, that are a million seconds ahead; skipped where the system forbids that.
    #[must_use]
    pub fn clock_ahead(mut self) -> Self {
        self.unshared = &["--time", "--monotonic=1000000", "--boottime=1000000", "--fork"];
        self
    }

    /// As the account [`NOBODY`]; skipped where the test is not run by root.
    #[must_use]
    pub fn nobody(mut self) -> Self {
        self.nobody = true;
        self
    }

    /// Whether the body would be skipped here, and why.
    fn obstacle(&self) -> Option<&'static str> {
        let unshare = |what| unshare(what).arg("true").stderr(Stdio::null()).status();
        let is_refused =
            !self.unshared.is_empty() && !unshare(self.unshared).is_ok_and(|status| status.success());
        if self.nobody && !check::is_root() {
            Some("only root can become another account")
        } else if is_refused {
            Some("`unshare` is not permitted")
        } else {
            None
        }
    }

    /// Runs `body` in a process of its own and fails when it fails there.
    pub fn run(self, body: impl FnOnce()) {
        self.run_after(|| (String::new(), ()), |_| body());
    }

    /// Prepares something here and runs `body` in a process of its own with the word that came of it: an address. Gives
    /// back what else was prepared; `None` in that process, and when the test is skipped.
    pub fn run_after<P>(self, prepare: impl FnOnce() -> (String, P), body: impl FnOnce(&str)) -> Option<P> {
        if env::var_os(MARK).is_some() {
            body(&env::var(WORD).unwrap_or_default());
            return None;
        }
        if let Some(why) = self.obstacle() {
            check::skip(why);
            return None;
        }
        let (word, prepared) = prepare();
        let program = Program::new(self.nobody);
        let mut command = if self.unshared.is_empty() { Command::new("env") } else { unshare(self.unshared) };
        command
            .args(["sh", "-c", &format!("{} && exec \"$@\"", self.setup), "sh"])
            .arg(&program.path)
            .args([self.test, "--exact", "--nocapture", "--test-threads=1"])
            .env(MARK, "1")
            .env(WORD, word)
            .current_dir("/");
        if self.nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().expect("the test program starts again");
        let text = String::from_utf8_lossy(&output.stdout);
        let passed = output.status.success() && text.contains("1 passed");
        assert!(passed, "{}\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        Some(prepared)
    }
}

/// The command that gives a process mounts, System V objects or a clock of its own; who is not root becomes it in a user
/// namespace.
fn unshare(what: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(what);
    if !check::is_root() {
        command.arg("--map-root-user");
    }
    command
}

/// This test program, or a copy where every account can reach it, removed on drop.
struct Program {
    path: PathBuf,
    is_copy: bool,
}

impl Program {
    fn new(for_everybody: bool) -> Self {
        let path = env::current_exe().expect("the test program's path");
        if !for_everybody {
            return Self { path, is_copy: false };
        }
        let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
        let copy = env::temp_dir().join(format!("shmrecord-test-{}-{thread}", process::id()));
        // Another process copies: a descriptor that this one writes through could be inherited by a child of another
        // test, and a file that is open for writing cannot be executed.
        let copied = Command::new("cp").args([&path, &copy]).status();
        assert!(copied.expect("cp runs").success(), "room for a copy of the test program");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("an own file's mode");
        Self { path: copy, is_copy: true }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_copy {
            let _ = fs::remove_file(&self.path);
        }
    }
}

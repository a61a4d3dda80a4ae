//! The C runtime under the sanitizers of addresses and of undefined behaviour: a process that is given the same inputs and
//! says what it makes of them. Relies on a compiler that has them, on `c/fuzz.c`, and on the pipes between.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use integration_tests::tools::has;
use shmrecord::Result;

use crate::languages::{Compiler, folder, model, suite, write, write_header};

/// The first one always comes with its sanitizers.
const COMPILERS: [Compiler; 2] = [compiler("gcc"), compiler("clang")];

const fn compiler(name: &'static str) -> Compiler {
    const FLAGS: &[&str] =
        &["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    Compiler { name, flags: FLAGS }
}

/// An answer of either language is cut here at the latest, wherever the cut falls in a character.
const MOST: usize = 200;

/// The C program from the first compiler that has the sanitizers; empty, and said to be skipped, without one.
pub(crate) fn program() -> String {
    static BUILT: OnceLock<String> = OnceLock::new();
    let build = || {
        let empty = write("empty.c", "int main(void) { return 0; }\n");
        let there = COMPILERS.iter().find(|compiler| {
            let mut question = Command::new(compiler.name);
            has(
                compiler.name,
                question.args(compiler.flags).arg(&empty).arg("-o").arg(folder().join("empty")),
            )
        });
        let Some(compiler) = there else { return String::new() };
        write_header(&model(&suite("c/twin.toml")));
        let source = suite("../fuzz/c/fuzz.c");
        let path = compiler.compile("fuzz", &source, &[&suite("c")]);
        path.into_os_string().into_string().expect("a folder whose name is text")
    };
    BUILT.get_or_init(build).clone()
}

/// The library that puts a page around each shared mapping which nobody may touch; empty, and said to be skipped, without
/// a compiler.
pub(crate) fn guard_pages() -> String {
    static BUILT: OnceLock<String> = OnceLock::new();
    let build = || {
        let compiler = Compiler { name: "cc", flags: &["-std=c11", "-O1", "-shared", "-fPIC"] };
        if !compiler.is_there() {
            return String::new();
        }
        let path = compiler.compile("guard.so", &suite("../fuzz/c/guard.c"), &[]);
        path.into_os_string().into_string().expect("a folder whose name is text")
    };
    BUILT.get_or_init(build).clone()
}

/// The C program, running.
pub(crate) struct Twin {
    child: Child,
    /// Open until the end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Twin {
    /// Starts the program at this path; `None` when there is none.
    pub(crate) fn start(program: impl AsRef<OsStr>) -> Option<Self> {
        if program.as_ref().is_empty() {
            return None;
        }
        let mut command = Command::new("sh");
        // The sanitizers reserve far more addresses than they use.
        Some(Self::spawn(command.args(["-c", "ulimit -S -v unlimited && exec \"$0\""]).arg(program)))
    }

    /// Starts this command, which becomes the program.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .env_remove("LD_PRELOAD") // the sanitizers come first, and look at copies
            .env("ASAN_OPTIONS", "max_allocation_size_mb=256:hard_rss_limit_mb=512:detect_leaks=1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that was just compiled");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Self { child, input, output: BufReader::new(output) }
    }

    /// Sends a request and what belongs to it; the answer may be waited for later.
    pub(crate) fn say(&mut self, request: &str, bytes: &[u8]) {
        let frame = [format!("{} {request}\n", bytes.len()).as_bytes(), bytes].concat();
        self.input.as_mut().expect("it is open").write_all(&frame).expect("the C program reads");
    }

    /// What it says of the next request.
    pub(crate) fn answer(&mut self) -> String {
        let mut line = Vec::new();
        self.output.read_until(b'\n', &mut line).expect("the C program answers");
        if line.pop().is_none() {
            panic!("the C program ended: {}", self.child.wait().expect("a child"));
        }
        String::from_utf8_lossy(&line).into_owned()
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        if thread::panicking() {
            // It may have ended by itself.
            let _ = self.child.kill();
            let _ = self.child.wait();
            return;
        }
        // At its end it tells what it has not freed.
        self.input = None;
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "the C program ended: {status}");
    }
}

/// Number and text of an error, `ok` without one; the number alone where the languages do not say the same: C names the
/// field of a bad value and not the element, and how often somebody tried is chance.
pub(crate) fn words<T>(result: &Result<T>) -> String {
    let Err(error) = result else { return "ok".to_owned() };
    let code = error.kind().code();
    match error.kind() {
        shmrecord::ErrorKind::Contended { .. } | shmrecord::ErrorKind::InvalidBits { .. } => code.to_string(),
        _ => format!("{code} {error}").replace('\n', "|"),
    }
}

/// Both languages say the same, as far as there is room for it in C.
#[track_caller]
pub(crate) fn same(c: &str, rust: &str) {
    let is_same =
        c == rust || c.len() >= MOST && rust.len() >= MOST && c.as_bytes()[..MOST] == rust.as_bytes()[..MOST];
    assert!(is_same, "C:    {c}\nRust: {rust}");
}

//! Compilers of the programs in `c/` and `go/`, and the folder for what they make. A compiler that is missing is skipped by
//! name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use integration_tests::place::{Backend, Place};
use integration_tests::tools::{has, has_tool, own_folder, run};
use shmrecord::Semaphore;

/// Where Debian's package puts Go's `golang.org/x/sys`.
const GOPATH: &str = "/usr/share/gocode";

/// The program in Go; `None`, and a word about it, without Go or the package.
pub(crate) fn go_reader() -> Option<&'static str> {
    static READER: LazyLock<Option<String>> = LazyLock::new(|| {
        let missing = "Go with golang.org/x/sys (Debian: golang-go golang-golang-x-sys-dev)";
        has(missing, go().args(["list", "golang.org/x/sys/unix"])).then(|| {
            let program = folder().join("reader");
            run(go().args(["build", "-o"]).arg(&program).arg(".").current_dir(suite("go")));
            text(program)
        })
    });
    READER.as_deref()
}

/// Go without cgo, without modules and without leaving anything outside the target folder.
fn go() -> Command {
    let mut go = Command::new("go");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop-go");
    go.envs([("GO111MODULE", "off"), ("CGO_ENABLED", "0"), ("GOFLAGS", ""), ("GOPATH", GOPATH)]);
    go.env("GOCACHE", cache);
    go
}

/// The folder for what is compiled.
fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| own_folder(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop")));
    &FOLDER
}

/// A file of this suite.
pub(crate) fn suite(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/interop").join(below)
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("a folder whose name is text")
}

/// How the programs in C are built: each as C and as C++, as the people do who write such.
const COMPILERS: [(&str, &[&str]); 2] =
    [("gcc", &["-std=gnu11", "-O2"]), ("g++", &["-xc++", "-std=gnu++17", "-O2"])];

/// The program `c/NAME.c`, compiled as C and as C++ by the compilers that are there.
pub(crate) fn c_programs(name: &str) -> Vec<String> {
    // Several tests need the same program.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let there = COMPILERS.iter().filter(|(compiler, _)| has_tool(compiler));
    let compile = |&(compiler, flags): &(&str, &[&str])| {
        let program = folder().join(format!("{name}-{compiler}"));
        let _compiling = ONE_AT_A_TIME.lock().expect("the programs before compiled");
        if !program.exists() {
            let mut command = Command::new(compiler);
            command.args(flags).args(["-Wall", "-Wextra", "-Werror", "-pthread", "-o"]).arg(&program);
            run(command.arg(suite(&format!("c/{name}.c"))));
        }
        text(program)
    };
    there.map(compile).collect()
}

/// A semaphore's address of its own, with nothing there before and after.
pub(crate) struct SemaphorePlace(Place);

impl SemaphorePlace {
    pub(crate) fn new(backend: Backend) -> Self {
        Self(Place::new(backend))
    }

    pub(crate) fn address(&self) -> &str {
        self.0.address()
    }
}

impl Drop for SemaphorePlace {
    fn drop(&mut self) {
        // Mostly nothing is there any more.
        let _ = Semaphore::unlink(self.address());
    }
}

/// What stands behind an address's `kind:`, as other programs take it: a key, a name.
pub(crate) fn bare(address: &str) -> &str {
    address.split_once(':').expect("an address").1
}

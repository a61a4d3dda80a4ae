//! Compilers of the programs in `c/` and `go/`, and the folder for what they make. A compiler that is missing is skipped by
//! name.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use integration_tests::tools::{has, own_folder, run};

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
    go.envs([("GO111MODULE", "off"), ("CGO_ENABLED", "0"), ("GOPATH", GOPATH)]).env("GOCACHE", cache);
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

//! Tools of the machine, and a folder for what they make. Relies on `check` for the rule about what is missing; knows no
//! compiler by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};

use crate::check;

/// Whether a tool is there; says so when it is not.
#[must_use]
pub fn has_tool(name: &str) -> bool {
    has(name, Command::new(name).arg("--version"))
}

/// Whether this command, which asks for something, succeeds; says what is missing when it does not.
pub fn has(what: &str, question: &mut Command) -> bool {
    let found = question.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        check::skip(&format!("{what} is missing"));
    }
    found
}

/// Runs a command that has to succeed, and gives what it prints.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("a tool that is there");
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{stdout}{}", String::from_utf8_lossy(&stderr));
    stdout
}

/// An empty folder in `parent`, this process's own, removed by the next run: nothing runs at the end of a test program.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn own_folder(parent: &Path) -> PathBuf {
    fs::create_dir_all(parent).expect("a folder in the target folder");
    for old in fs::read_dir(parent).expect("its entries") {
        let old = old.expect("an entry");
        if !Path::new("/proc").join(old.file_name()).exists() {
            // Another run may be faster.
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let folder = parent.join(process::id().to_string());
    fs::create_dir_all(&folder).expect("a new folder");
    folder
}

//! What the tests share: fixtures with their expected output, tools that may be missing, folders that go away.
#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod edit;
pub(crate) mod perf;
pub(crate) mod random;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ipcgen::emit::Language;
use ipcgen::model::Model;
use ipcgen::source::Source;

/// A path below the crate.
pub(crate) fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// What lies in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Every golden case with its model.
pub(crate) fn golden_cases() -> Vec<(PathBuf, Model)> {
    let folders = entries(&path("tests/golden"));
    folders.into_iter().map(|folder| (folder.clone(), model(&folder.join("schema.toml")))).collect()
}

/// The model of a schema that holds.
pub(crate) fn model(schema: &Path) -> Model {
    let source = Source::read(schema).unwrap();
    let (model, found) = ipcgen::compile(&source);
    model.unwrap_or_else(|| panic!("{}", found.render(&source, false)))
}

/// Compares with a file that holds what is expected; with `SHMRECORD_BLESS=1` writes it instead.
pub(crate) fn expect(file: &Path, actual: &str) {
    if std::env::var_os("SHMRECORD_BLESS").is_some_and(|value| value == "1") {
        fs::write(file, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs; SHMRECORD_BLESS=1 accepts this:\n{}",
        file.display(),
        similar::TextDiff::from_lines(expected.as_str(), actual).unified_diff()
    );
}

/// The program that is tested.
pub(crate) fn ipcgen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipcgen"));
    command.env("NO_COLOR", "1");
    command
}

/// Writes the C headers of these models, and those of the runtime, into a folder.
pub(crate) fn write_headers(models: &[Model], folder: &Scratch) {
    for (name, text) in Language::C.runtime() {
        folder.file(name, text);
    }
    for model in models {
        folder.file(&Language::C.file_name(model), &Language::C.emit(model));
    }
}

/// Whether a tool is there. Without it the test says so and passes, unless tools are required.
pub(crate) fn has_tool(name: &str) -> bool {
    has(name, Command::new(name).arg("--version"))
}

/// Whether this command, which asks for something, succeeds; as [`has_tool`] otherwise.
pub(crate) fn has(what: &str, question: &mut Command) -> bool {
    let found = question.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        let required = std::env::var_os("SHMRECORD_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "{what} is required and missing");
        println!("skipped: {what} is missing");
    }
    found
}

/// Runs a command that has to succeed.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{command:?}: {status}\n{stdout}{}", String::from_utf8_lossy(&stderr));
    stdout
}

/// A new folder that is removed when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

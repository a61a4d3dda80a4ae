//! The programs in `python/` and `go/`: made where the tools are, started, talked to. What ipcgen generates for them is
//! generated here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::tools::{has, has_tool, own_folder, run};
use ipcgen::emit::Language;
use ipcgen::model::Model;
use ipcgen::source::Source;
use shmrecord::Error;

/// A language with a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    Python,
    Go,
}

/// A program that has a table open, or was refused it.
pub(crate) struct Served {
    actor: Actor,
    first: String,
}

/// A record as the programs print it; `None` where none was whole in time.
#[derive(Debug, PartialEq)]
pub(crate) struct Printed {
    pub(crate) index: usize,
    pub(crate) version: u64,
    pub(crate) words: Vec<u64>,
}

impl Reads {
    pub(crate) const ALL: [Self; 2] = [Self::Python, Self::Go];

    /// The kinds of segment that it reads.
    pub(crate) fn backends(self) -> &'static [Backend] {
        match self {
            Self::Python => &Backend::ALL,
            Self::Go => &Backend::PUBLIC,
        }
    }

    /// The program, and what it is started with; `None`, and a word about it, where its tools are missing.
    fn program(self) -> Option<&'static [String]> {
        static PYTHON: LazyLock<Option<Vec<String>>> = LazyLock::new(|| {
            has_tool("python3").then(|| {
                generate(&fixture(), Language::Python, folder());
                let script = folder().join("serve.py");
                fs::copy(suite("python/serve.py"), &script).expect("a new file");
                ["python3", "-B", "-W", "error"].map(String::from).into_iter().chain([text(script)]).collect()
            })
        });
        static GO: LazyLock<Option<Vec<String>>> = LazyLock::new(|| {
            has_go().then(|| {
                generate(&fixture(), Language::Go, folder());
                fs::copy(suite("go/main.go"), folder().join("main.go")).expect("a new file");
                let program = folder().join("serve");
                run(go(folder()).args(["vet", "./..."]));
                run(go(folder()).args(["build", "-o"]).arg(&program).arg("."));
                vec![text(program)]
            })
        });
        match self {
            Self::Python => PYTHON.as_deref(),
            Self::Go => GO.as_deref(),
        }
    }

    /// Starts it on the table of such records at this place. `None` where its tools are missing.
    pub(crate) fn open(self, record: &str, place: &Place) -> Option<Served> {
        self.start(record, place.address(), Some(place))
    }

    /// As [`Reads::open`], on whatever is at this address.
    pub(crate) fn open_address(self, record: &str, address: &str) -> Option<Served> {
        self.start(record, address, None)
    }

    fn start(self, record: &str, address: &str, place: Option<&Place>) -> Option<Served> {
        let [program, arguments @ ..] = self.program()? else { return None };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain([record, address]).collect();
        let mut actor = match place {
            Some(place) => Actor::heir(place, program, &arguments),
            None => Actor::start(program, &arguments),
        };
        let first = actor.line();
        Some(Served { actor, first })
    }
}

impl Served {
    /// What it said first.
    pub(crate) fn first(&self) -> &str {
        &self.first
    }

    /// What it answers in one line.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.actor.ask(line)
    }

    /// Ends its input; what it prints once it has closed the table.
    pub(crate) fn end(self) -> String {
        self.actor.end()
    }

    /// What it reads in so many reads, one record after the other; `None`: none was whole in time.
    pub(crate) fn read(&mut self, reads: usize) -> Vec<Option<Printed>> {
        self.list("read", reads)
    }

    /// As [`Served::read`], by another command.
    pub(crate) fn list(&mut self, command: &str, reads: usize) -> Vec<Option<Printed>> {
        self.actor.say(&format!("{command} {reads}"));
        (0..reads).map(|_| Printed::parse(&self.actor.line())).collect()
    }

    /// The words of all records, in one state.
    pub(crate) fn snapshot(&mut self) -> Vec<u64> {
        let line = self.ask("snapshot");
        assert!(!line.starts_with("error"), "{line}");
        words(line.split_ascii_whitespace())
    }
}

impl Printed {
    fn parse(line: &str) -> Option<Self> {
        if line == "contended" {
            return None;
        }
        let mut parts = line.split_ascii_whitespace();
        let mut number = || parts.next().and_then(|text| text.parse().ok());
        let (Some(index), Some(version)) = (number(), number()) else { panic!("it said: {line}") };
        Some(Self { index: usize::try_from(index).expect("an index"), version, words: words(parts) })
    }
}

fn words<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<u64> {
    parts.map(|word| u64::from_str_radix(word, 16).expect("a word in hexadecimal")).collect()
}

/// What the programs print of an error of Rust's, so that both can be compared: Go's words for an errno are in lower case.
pub(crate) fn refused(reads: Reads, error: &Error) -> String {
    match reads {
        Reads::Python => format!("refused {} {error}", error.kind().code()),
        Reads::Go => format!("refused {} {error}", error.kind().code()).to_lowercase(),
    }
}

/// What a program said, likewise.
pub(crate) fn said(reads: Reads, served: &Served) -> String {
    match reads {
        Reads::Python => served.first.clone(),
        Reads::Go => served.first.to_lowercase(),
    }
}

/// The model of `fixture.toml`.
pub(crate) fn fixture() -> Model {
    model(&Source::read(&suite("fixture.toml")).expect("a schema file"))
}

/// The model of a schema that holds.
pub(crate) fn model(source: &Source) -> Model {
    let (model, found) = ipcgen::compile(source);
    model.unwrap_or_else(|| panic!("{}", found.render(source, false)))
}

/// Writes what ipcgen generates, and for Go what makes a module of it, into a folder.
pub(crate) fn generate(model: &Model, language: Language, folder: &Path) {
    let generated = (language.file_name(model), language.emit(model));
    let runtime = language.runtime().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let module = ("go.mod".to_owned(), "module example\n\ngo 1.18\n".to_owned());
    let module = (language == Language::Go).then_some(module);
    for (name, text) in runtime.chain([generated]).chain(module) {
        ipcgen::output::Output { path: folder.join(name), text }.write().expect("a new file");
    }
}

/// Without it `serve.py` compares nothing with what numpy makes of a table.
pub(crate) fn has_numpy() -> bool {
    static THERE: LazyLock<bool> =
        LazyLock::new(|| has("numpy", Command::new("python3").args(["-c", "import numpy"])));
    *THERE
}

pub(crate) fn has_go() -> bool {
    has("go", Command::new("go").arg("version"))
}

/// Go without modules of others, without cgo and without leaving anything outside the target folder.
pub(crate) fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    go.envs([("GO111MODULE", "on"), ("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=mod"), ("GOPROXY", "off")]);
    go.env("GOCACHE", cache).current_dir(folder);
    go
}

/// The folder for what is generated and compiled.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| own_folder(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers")));
    &FOLDER
}

/// A file of this suite.
pub(crate) fn suite(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/readers").join(below)
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("a folder whose name is text")
}

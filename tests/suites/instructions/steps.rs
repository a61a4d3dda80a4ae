//! An operation of a program, stepped from mark to mark; the programs, and how often each operation is stepped. Relies on
//! `tracer`; knows no table.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use integration_tests::tracer::{Stop, Traced, Until};
use integration_tests::vectors::limit;

use crate::tools::{self, COMPILERS};

/// A process between two instructions. Dropping it is its death there.
pub(crate) struct Steps {
    process: Traced,
    /// Boundaries so far.
    pub(crate) boundaries: u64,
}

impl Steps {
    /// Starts the program and lets it come to where its operation begins.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::start_by(program, Command::new(program).args(arguments))
    }

    /// As [`Steps::start`], of a program that copies by vectors of at most so many bytes.
    pub(crate) fn start_within(program: &Path, bytes: u32, arguments: &[&str]) -> Self {
        Self::start_by(program, limit(Command::new(program).args(arguments), bytes))
    }

    fn start_by(program: &Path, command: &mut Command) -> Self {
        let mut process = Traced::start(command).expect("tracing is permitted");
        process.without_vdso();
        assert_eq!(process.go_on(Until::Mark), Stop::Mark, "{}: before its operation", program.display());
        Self { process, boundaries: 0 }
    }

    /// Lets one instruction happen. `false`: that was the end of the operation.
    pub(crate) fn step(&mut self) -> bool {
        self.boundaries += 1;
        match self.process.go_on(Until::Instruction) {
            Stop::Instruction => true,
            Stop::Mark => false,
            other => panic!("instruction {}: {other:?}", self.boundaries),
        }
    }

    /// Lets the program say how its operation ended, and end. Behind the operation only.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        self.process.release();
        let said = self.process.line();
        let status = self.process.finish();
        if said == "ok" && status.success() { Ok(()) } else { Err(format!("it said `{said}`, {status}")) }
    }
}

/// The program `step`: in Rust, and in C from every compiler that is there.
pub(crate) fn programs() -> Vec<&'static Path> {
    static C: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
        tools::write_header(&tools::model(&tools::suite("c/twin.toml")));
        let source = tools::project("tests/suites/syscalls/c/step.c");
        let there = COMPILERS.iter().filter(|compiler| compiler.is_there());
        let build = |name: String, compiler: &tools::Compiler| {
            compiler.compile(&name, &source, &[&tools::suite("c")])
        };
        there.map(|it| build(format!("step-{}{}", it.name, it.flags.concat()), it)).collect()
    });
    let rust = Path::new(env!("CARGO_BIN_EXE_step"));
    [rust].into_iter().chain(C.iter().map(PathBuf::as_path)).collect()
}

/// How often each operation is stepped, from another state each time.
pub(crate) fn rounds() -> u64 {
    match env::var("SHMRECORD_STEPS") {
        Ok(text) => {
            text.parse().ok().filter(|&rounds| rounds > 0).expect("SHMRECORD_STEPS is a number above 0")
        }
        Err(_) => 1,
    }
}

/// Says of an operation how far it was stepped, or fails with what was found.
#[track_caller]
pub(crate) fn report(program: &Path, what: &str, boundaries: u64, states: u64, found: Result<(), String>) {
    let name = program.file_name().expect("a program").to_string_lossy();
    if let Err(trouble) = found {
        panic!("{name}, {what}, behind {boundaries} instructions and {states} changes: {trouble}");
    }
    println!("{name}, {what}: {boundaries} boundaries, {states} states");
}

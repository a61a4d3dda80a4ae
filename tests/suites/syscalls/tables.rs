//! The operations on tables: what is there before, what may be there afterwards, in Rust and in C. Relies on `sweep`, and on the
//! runtime to look at what is left and to go on with it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use integration_tests::case::every_backend;
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::tracer::{Call, is_permitted};
use shmrecord::{ErrorKind, Options, Reader, Writer, remove};

use crate::calls::{is_lock, is_look_up};
use crate::run::run;
use crate::sweep::{End, Report, Subject, Sweep, check_same, every_failure, every_kill, in_each};
use crate::tools::{self, CC};

/// The program in Rust.
pub(crate) const RUST: &str = env!("CARGO_BIN_EXE_step");
/// What the programs create.
pub(crate) const CAPACITY: usize = 4;
/// The state of a table whose remover was killed (`docs/FORMAT.md`).
const RETIRED: u64 = 2;

/// What is there before an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A guard that a creator left who was killed.
    Guard,
    /// A table with a value.
    Table,
    /// A table that a remover left who was killed, or who replaces it.
    Retired,
}

/// An operation of the programs, and what it starts from.
struct Operation {
    word: &'static str,
    before: Before,
    backend: Backend,
}

const OPERATIONS: [(&str, &str, Before); 17] = [
    ("create", "create", Before::Nothing),
    ("create beside a guard", "create", Before::Guard),
    ("take over by create", "create", Before::Table),
    ("create instead", "create", Before::Retired),
    ("replace", "replace", Before::Table),
    ("replace again", "replace", Before::Retired),
    ("replace a guard", "replace", Before::Guard),
    ("replace nothing", "replace", Before::Nothing),
    ("open for writing", "open", Before::Table),
    ("open for reading", "attach", Before::Table),
    ("remove", "remove", Before::Table),
    ("remove again", "remove", Before::Retired),
    ("remove a guard", "remove", Before::Guard),
    ("remove nothing", "remove", Before::Nothing),
    ("close", "close", Before::Table),
    ("close a reader", "detach", Before::Table),
    ("refresh", "refresh", Before::Table),
];

/// What is there, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    /// Nothing but a guard.
    Guard,
    /// The table that was there, values and all.
    Old,
    /// A table without values.
    New,
    Retired,
    /// A System V segment whose creator was killed.
    Unfinished,
}

impl Subject for Operation {
    type Place = Place;

    fn prepare(&self) -> Place {
        let place = Place::new(self.backend);
        match self.before {
            Before::Nothing => {}
            Before::Guard => place.make_guard(),
            Before::Table | Before::Retired => {
                let mut writer = Writer::<Pattern256>::create(place.address(), CAPACITY).unwrap();
                writer.write(1, &Pattern256::of(1, 1)).unwrap();
            }
        }
        if self.before == Before::Retired {
            Image::of(&place).set_word(at::STATE, RETIRED);
        }
        place
    }

    fn address<'a>(&self, place: &'a Place) -> &'a str {
        place.address()
    }

    fn word<'a>(&'a self, _: &'a Place) -> &'a str {
        self.word
    }

    fn keeps_until_end(&self, at: &Call) -> bool {
        self.word == "close" && is_lock(at)
    }

    fn held(&self, end: End, at: Option<&Call>) -> &'static [i32] {
        if self.backend != Backend::Memfd {
            return &[0];
        }
        match (self.word, self.before, end) {
            ("create" | "replace", Before::Nothing, End::Success) => &[2],
            // Whatever of the old one has given way, and of the new one is there.
            ("replace", Before::Table | Before::Retired, End::Failure) => &[0, -1, -2],
            // The guard that could not be locked.
            ("create" | "replace", Before::Nothing, End::Failure) if at.is_some_and(is_lock) => &[0, 1],
            ("create", Before::Retired, End::Failure) if at.is_some_and(is_lock) => &[0, -1, -2],
            ("remove", Before::Table | Before::Retired, End::Success) => &[-2],
            // The removal that it finishes first.
            ("create" | "remove", Before::Retired, End::Failure) => &[0, -2],
            _ => &[0],
        }
    }

    fn check(&self, place: &Place, end: End, at: Option<&Call>, turn: usize) -> Result<(), String> {
        let state = state(place)?;
        if !self.allowed(end, at).contains(&state) {
            return Err(format!("after {end:?} there is {state:?}"));
        }
        recover(place, state, turn).map_err(|trouble| format!("then, with {state:?}: {trouble}"))
    }
}

impl Operation {
    /// What may be there afterwards.
    fn allowed(&self, end: End, at: Option<&Call>) -> Vec<State> {
        use State::{Absent, Guard, New, Old, Retired, Unfinished};
        if self.backend == Backend::Memfd {
            // What this process has of it: nobody else takes that away.
            return match (self.word, self.before, end) {
                (_, Before::Nothing, _) => vec![Absent],
                (_, Before::Retired, _) | ("remove" | "replace", _, End::Success) | ("refresh", ..) => {
                    vec![Retired]
                }
                ("remove" | "replace", ..) => vec![Old, Retired],
                _ => vec![Old],
            };
        }
        let mut states = match (self.word, self.before, end) {
            ("create", Before::Table, _) => vec![Old],
            // What is said not to be there at first is created instead.
            ("replace", Before::Retired, End::Success) if at.is_some_and(is_look_up) => vec![Old, New],
            // Its values are carried over.
            ("replace", Before::Table | Before::Retired, End::Success) => vec![Old],
            ("create" | "replace", _, End::Success) | ("refresh", ..) => vec![New],
            ("remove", _, End::Success) => vec![Absent],
            ("create" | "replace" | "remove", Before::Nothing, _) => vec![Absent],
            ("create" | "replace" | "remove", Before::Guard, _) => vec![Absent, Guard],
            ("replace", Before::Table, _) => vec![Absent, Guard, Old, Retired],
            ("replace", _, _) => vec![Absent, Guard, Retired],
            ("create" | "remove", Before::Retired, _) => vec![Absent, Guard, Retired],
            ("remove", Before::Table, _) => vec![Absent, Guard, Old, Retired],
            _ => vec![Old],
        };
        // A guard that could not be locked is not touched any more.
        if self.before == Before::Nothing && end == End::Failure && at.is_some_and(is_lock) {
            states.push(Guard);
        }
        let creates = match self.word {
            "create" => self.before != Before::Table,
            other => other == "replace",
        };
        if end == End::Killed && creates {
            let carries = self.word == "replace" && matches!(self.before, Before::Table | Before::Retired);
            states.extend([Guard, if carries { Old } else { New }]);
            if self.backend == Backend::Sysv {
                states.push(Unfinished);
            }
        }
        states
    }
}

/// Does not wait for a creator who was killed.
fn patient() -> Options {
    Options::new().timeout(Duration::from_millis(1))
}

/// What is there; nothing else has the names.
fn state(place: &Place) -> Result<State, String> {
    look(place, |versions| match versions {
        [0, 1, 0, 0] => Some(State::Old),
        [0, 0, 0, 0] => Some(State::New),
        _ => None,
    })
}

/// As [`state`], whose table this tells by the versions of its records.
pub(crate) fn look(place: &Place, which: impl Fn(&[u64]) -> Option<State>) -> Result<State, String> {
    let names = place.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => return Ok(State::Absent),
        [".guard"] => return Ok(State::Guard),
        ["", ".guard"] => {}
        // Between the old guard and the new one.
        [""] => match patient().open::<Pattern256>(place.address()) {
            Err(error) if *error.kind() == ErrorKind::Retired => return Ok(State::Retired),
            other => return Err(format!("without a guard there is {other:?}")),
        },
        other => return Err(format!("there is {other:?}")),
    }
    match patient().open::<Pattern256>(place.address()) {
        Ok(reader) => {
            let versions = (0..CAPACITY).map(|index| value(&reader, index)).collect::<Result<Vec<_>, _>>()?;
            which(&versions).ok_or_else(|| format!("versions {versions:?}"))
        }
        Err(error) => match error.kind() {
            ErrorKind::Retired => Ok(State::Retired),
            ErrorKind::NotReady => Ok(State::Unfinished),
            _ => Err(error.to_string()),
        },
    }
}

/// The version of a record whose value must be the right one.
pub(crate) fn value(reader: &Reader<Pattern256>, index: usize) -> Result<u64, String> {
    let record = reader.read_versioned(index).map_err(|error| error.to_string())?;
    let is_right = record.value == Pattern256::of(index, record.version);
    if is_right { Ok(record.version) } else { Err(format!("record {index}: {record:?}")) }
}

/// Whatever is there, the next one can work with it: one time by removing, one time by creating, at once.
fn recover(place: &Place, state: State, turn: usize) -> Result<(), String> {
    let address = place.address();
    let in_words = |error: shmrecord::Error| error.to_string();
    // Who looks at a retired memfd lets go of it.
    let is_kept = state == State::Retired && place.backend() != Backend::Memfd;
    let is_there = is_kept || matches!(state, State::Old | State::New);
    let is_removed = |result: shmrecord::Result<()>| match result {
        Err(error) if !is_there && *error.kind() == ErrorKind::NotFound => Ok(()),
        result => result.map_err(in_words),
    };
    // Only the creator of an unfinished segment can say that it is no stranger's.
    if turn.is_multiple_of(2) && state != State::Unfinished {
        is_removed(remove(address))?;
    } else {
        let mut writer = Writer::<Pattern256>::create(address, CAPACITY).map_err(in_words)?;
        writer.write(2, &Pattern256::of(2, 1)).map_err(in_words)?;
        drop(writer);
        drop(Writer::<Pattern256>::open(address).map_err(in_words)?);
        let reader = Reader::<Pattern256>::open(address).map_err(in_words)?;
        let versions = [value(&reader, 1)?, value(&reader, 2)?];
        if versions != [u64::from(state == State::Old), 1] {
            return Err(format!("versions {versions:?}"));
        }
        remove(address).map_err(in_words)?;
    }
    if place.names().is_empty() { Ok(()) } else { Err(format!("{:?} is left", place.names())) }
}

#[test]
fn every_call_fails() {
    check_same(&in_each_language(every_failure));
}

#[test]
fn every_call_is_the_last() {
    in_each_language(every_kill);
}

/// Sweeps over every operation on every kind of segment, in Rust and, if there is a compiler, in C.
fn in_each_language(sweep: Sweep<Operation>) -> Vec<Report> {
    if !is_permitted() {
        return Vec::new();
    }
    in_each(&programs(), |program, report| {
        for backend in Backend::ALL {
            for (name, word, before) in OPERATIONS {
                let is_about_nothing =
                    before == Before::Guard || (word, before) == ("remove", Before::Nothing);
                if backend == Backend::Memfd && is_about_nothing {
                    continue; // a lone guard dies with its creator, and to find nothing takes no call
                }
                let name = format!("{name}, {backend:?}");
                sweep(program, &name, &Operation { word, before, backend }, report);
            }
        }
    })
}

#[test]
fn reading_and_writing_make_no_call() {
    if !is_permitted() {
        return;
    }
    for program in programs() {
        every_backend(|place| {
            drop(Writer::<Pattern256>::create(place.address(), CAPACITY).unwrap());
            for word in ["read", "write"] {
                let run = run(program, word, place.address(), None).unwrap();
                assert_eq!((run.calls, run.answer.unwrap().error), (vec![], None), "{word}");
            }
        });
    }
}

/// The program in Rust, and its twin in C if there is a compiler.
pub(crate) fn programs() -> Vec<&'static Path> {
    static C: LazyLock<PathBuf> = LazyLock::new(|| {
        tools::write_header(&tools::model(&tools::suite("c/twin.toml")));
        CC.compile("step", &tools::project("tests/suites/syscalls/c/step.c"), &[&tools::suite("c")])
    });
    let c = CC.is_there().then(|| C.as_path());
    [Some(Path::new(RUST)), c].into_iter().flatten().collect()
}

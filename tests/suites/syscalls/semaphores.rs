//! The operations on semaphores, which are in Rust only. Relies on `sweep`, and on the runtime to look at what is left.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use integration_tests::place::{Backend, Place};
use integration_tests::sysv;
use integration_tests::tracer::{Call, is_permitted};
use shmrecord::{ErrorKind, Semaphore, SemaphoreOptions};

use crate::calls::is_lock;
use crate::run::run;
use crate::sweep::{End, Report, Subject, Sweep, every_failure, every_kill};
use crate::tables::RUST;

/// What is there before and after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    /// With this value.
    Present(u32),
    /// A System V set whose creator was killed before it had its value.
    Unfinished,
}
use State::{Absent, Present, Unfinished};

/// An operation of the program, and what it starts from.
struct Operation {
    word: &'static str,
    before: State,
    backend: Backend,
}

const OPERATIONS: [(&str, State); 12] = [
    ("semaphore-create", Absent),
    ("semaphore-create", Present(1)),
    ("semaphore-create", Unfinished),
    ("semaphore-open-or-create", Absent),
    ("semaphore-open-or-create", Present(1)),
    ("semaphore-open-or-create", Unfinished),
    ("semaphore-open", Present(1)),
    ("semaphore-unlink", Present(1)),
    ("semaphore-unlink", Absent),
    ("semaphore-wait", Present(1)),
    ("semaphore-wait-in-vain", Present(1)),
    ("semaphore-post", Present(1)),
];
/// What a POSIX semaphore does without a system call.
const CALLS_OF_SETS: [&str; 2] = ["semaphore-wait", "semaphore-post"];
/// The kinds that there are semaphores of.
const BACKENDS: [Backend; 2] = [Backend::Posix, Backend::Sysv];
/// Semaphores in a set of ours: the value, and whether it was initialised.
const COUNT: i32 = 2;

/// An address for a semaphore, which is removed on drop.
struct Spot {
    place: Place,
    /// The file of a POSIX semaphore.
    file: Option<PathBuf>,
}

impl Drop for Spot {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Mostly nothing is there any more.
            let _ = fs::remove_file(file);
        }
    }
}

impl Subject for Operation {
    type Place = Spot;

    fn prepare(&self) -> Spot {
        let place = Place::new(self.backend);
        let file = (self.backend == Backend::Posix).then(|| {
            let name = place.path().file_name().expect("a name").to_string_lossy();
            place.directory().join(format!("sem.{name}"))
        });
        match self.before {
            Absent => {}
            Present(value) => drop(Semaphore::create(place.address(), value).unwrap()),
            Unfinished => sysv::make_set(place.key(), COUNT),
        }
        Spot { place, file }
    }

    fn address<'a>(&self, spot: &'a Spot) -> &'a str {
        spot.place.address()
    }

    fn word<'a>(&'a self, _: &'a Spot) -> &'a str {
        self.word
    }

    fn check(&self, spot: &Spot, end: End, at: Option<&Call>, _: usize) -> Result<(), String> {
        let state = state(spot.place.address())?;
        if !self.allowed(end, at).contains(&state) {
            return Err(format!("after {end:?} there is {state:?}"));
        }
        recover(spot, state).map_err(|trouble| format!("then, with {state:?}: {trouble}"))
    }
}

impl Operation {
    /// What may be there afterwards.
    fn allowed(&self, end: End, at: Option<&Call>) -> Vec<State> {
        let after = match self.word {
            "semaphore-create" | "semaphore-open-or-create" => Present(1),
            "semaphore-unlink" => Absent,
            "semaphore-wait" => Present(0),
            "semaphore-post" => Present(2),
            _ => self.before,
        };
        let mut states = match (self.word, end) {
            // It takes the one there is, waits in vain for another, and posts.
            ("semaphore-wait-in-vain", End::Failure | End::Killed) => vec![Present(0)],
            (_, End::Success) => vec![after],
            (_, End::Failure) => vec![self.before],
            (_, End::Killed) => vec![self.before, after],
        };
        // A set without a value is the next creator's, and nobody's to remove.
        let is_left = end == End::Killed || (end == End::Failure && at.is_some_and(is_lock));
        if self.backend == Backend::Sysv && after == Present(1) && self.before == Absent && is_left {
            states.push(Unfinished);
        }
        states
    }
}

fn in_words(error: shmrecord::Error) -> String {
    error.to_string()
}

/// What is there. Does not wait for a creator who was killed.
fn state(address: &str) -> Result<State, String> {
    let opened = SemaphoreOptions::new().timeout(Duration::from_millis(1)).open(address);
    match opened.and_then(|semaphore| semaphore.value()) {
        Ok(value) => Ok(Present(value)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(Absent),
            ErrorKind::NotReady => Ok(Unfinished),
            _ => Err(in_words(error)),
        },
    }
}

/// Whatever is there, the next one can work with it at once, and nothing is left.
fn recover(spot: &Spot, state: State) -> Result<(), String> {
    let address = spot.place.address();
    let value = match state {
        Present(value) => value,
        Absent | Unfinished => {
            drop(Semaphore::create(address, 1).map_err(in_words)?);
            1
        }
    };
    let semaphore = Semaphore::open(address).map_err(in_words)?;
    semaphore.post().map_err(in_words)?;
    let is_taken = semaphore.try_wait().map_err(in_words)?;
    let found = semaphore.value().map_err(in_words)?;
    if !is_taken || found != value {
        return Err(format!("value {found}, not {value}"));
    }
    Semaphore::unlink(address).map_err(in_words)?;
    let is_left =
        spot.file.as_ref().map_or_else(|| sysv::set(spot.place.key()).is_some(), |file| file.exists());
    if is_left { Err("it is left".to_owned()) } else { Ok(()) }
}

#[test]
fn every_call_fails() {
    every_operation(every_failure);
}

#[test]
fn every_call_is_the_last() {
    every_operation(every_kill);
}

#[test]
fn posix_semaphores_make_no_call_when_nobody_waits() {
    if !is_permitted() {
        return;
    }
    for word in CALLS_OF_SETS {
        let operation = Operation { word, before: Present(1), backend: Backend::Posix };
        let spot = operation.prepare();
        let run = run(Path::new(RUST), word, spot.place.address(), None).unwrap();
        assert_eq!((run.calls, run.answer.unwrap().error), (vec![], None), "{word}");
    }
}

fn every_operation(sweep: Sweep<Operation>) {
    if !is_permitted() {
        return;
    }
    let mut report = Report::default();
    for backend in BACKENDS {
        for (word, before) in OPERATIONS {
            let is_of_sets = before == Unfinished || CALLS_OF_SETS.contains(&word);
            if is_of_sets && backend != Backend::Sysv {
                continue;
            }
            let name = format!("{word}, {before:?}, {backend:?}");
            sweep(Path::new(RUST), &name, &Operation { word, before, backend }, &mut report);
        }
    }
    report.check();
}

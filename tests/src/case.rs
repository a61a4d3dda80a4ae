//! Kinds of segment x cells x arrangements: what every table must be able to do in each combination. Relies on `place`.

use std::fmt;
use std::thread;

use shmrecord::{Arrangement, Options};

use crate::place::{Backend, Place};

/// Cells in a slot, as many as the format knows.
pub const CELLS: [u32; 4] = [1, 2, 4, 8];

/// One combination.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The kind of segment.
    pub backend: Backend,
    /// Cells in a slot.
    pub cells: u32,
    /// Where versions and records lie.
    pub arrangement: Arrangement,
}

impl Case {
    /// Options that ask for these cells and this arrangement.
    #[must_use]
    pub fn options(&self) -> Options {
        Options::new().cells(self.cells).arrangement(self.arrangement)
    }

    /// An unused address of this kind.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.backend)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} cells, {}", self.backend, self.cells, self.arrangement.name())
    }
}

/// Runs this in every combination; says in which one it panicked.
pub fn every_case(test: impl Fn(&Case)) {
    for backend in Backend::ALL {
        for cells in CELLS {
            for arrangement in Arrangement::ALL {
                let case = Case { backend, cells, arrangement };
                let _label = Label(&case);
                test(&case);
            }
        }
    }
}

/// Runs this for each kind of segment, with a place of that kind; says for which one it panicked.
pub fn every_backend(test: impl Fn(&Place)) {
    every_one_of(&Backend::ALL, test);
}

/// As [`every_backend`], for a table with a doorbell and for one without.
pub fn with_and_without_doorbell(test: impl Fn(&Place, Options)) {
    every_backend(|place| test(place, Options::new()));
    every_backend(|place| test(place, Options::new().doorbell(true)));
}

/// As [`every_backend`], for the kinds that every process finds by their address.
pub fn every_public_backend(test: impl Fn(&Place)) {
    every_one_of(&Backend::PUBLIC, test);
}

/// As [`every_backend`], for the kinds that are files with a name: what it is about, others do not have.
pub fn every_named_backend(test: impl Fn(&Place)) {
    every_one_of(&Backend::NAMED, test);
}

fn every_one_of(backends: &[Backend], test: impl Fn(&Place)) {
    for &backend in backends {
        let _label = Label(&backend_name(backend));
        test(&Place::new(backend));
    }
}

fn backend_name(backend: Backend) -> &'static str {
    match backend {
        Backend::Posix => "posix",
        Backend::File => "file",
        Backend::Sysv => "sysv",
        Backend::Memfd => "memfd",
    }
}

/// Printed when a panic unwinds through it.
struct Label<'a>(&'a dyn fmt::Display);

impl Drop for Label<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this was: {}", self.0);
        }
    }
}

//! The suites: each its trials, which are generic over the contestant and the record, and the tables that come of them.

mod adopt;
mod attach;
mod cost;
mod flat;
mod hot;
mod ipc;
mod paced;
pub(crate) mod random;
mod readers;
mod scan;
mod semaphore;
mod trip;
mod wake;
mod writers;

use crate::bench::Bench;
use crate::effort::Effort;
use crate::miss::{Miss, Outcome};
use crate::peers::{Peer, Place};
use crate::sample::Sample;

/// Bytes of the samples.
pub(crate) const SIZES: [usize; 4] = [32, 64, 256, 4096];

/// A suite by its name.
pub(crate) type Suite = (&'static str, fn(&mut Bench));

/// In the order of the targets; then what is measured of ours alone.
pub(crate) const SUITES: &[Suite] = &[
    ("hot", hot::suite),
    ("readers", readers::suite),
    ("trip", trip::suite),
    ("flat", flat::suite),
    ("paced", paced::suite),
    ("scan", scan::suite),
    ("random", random::suite),
    ("cost", cost::suite),
    ("wake", wake::suite),
    ("writers", writers::suite),
    ("ipc", ipc::suite),
    ("attach", attach::suite),
    ("adopt", adopt::suite),
    ("semaphore", semaphore::suite),
];

/// What is measured of a contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    Hot,
    Readers,
    Trip,
    Flat,
    Paced,
    Scan,
    /// Of a table of so many records.
    Random(usize),
    Attach,
    Create,
    Memory,
    Wake,
}

/// What is compiled for each contestant and each size is what a suite asks for, and no more: the rest would take minutes.
impl Trial {
    /// All of them.
    pub(crate) fn of_64_bytes<P: Peer<T>, T: Sample>(self, places: &[Place; 2], effort: &Effort) -> Outcome {
        let place = &places[0];
        match self {
            Self::Readers => readers::trial::<P, T>(place, effort),
            Self::Scan => scan::trial::<P, T>(place, effort),
            Self::Random(records) => random::trial::<P, T>(place, records, effort),
            Self::Attach => cost::attach::<P, T>(place, effort),
            Self::Create => cost::create::<P, T>(place, effort),
            Self::Memory => cost::memory::<P, T>(place, effort),
            Self::Wake => wake::trial::<P, T>(place, effort),
            _ => self.of_64_and_more_bytes::<P, T>(places, effort),
        }
    }

    /// Beside a writer.
    pub(crate) fn of_64_and_more_bytes<P: Peer<T>, T: Sample>(
        self,
        places: &[Place; 2],
        effort: &Effort,
    ) -> Outcome {
        match self {
            Self::Flat => flat::trial::<P, T>(&places[0], effort),
            Self::Paced => paced::trial::<P, T>(&places[0], effort),
            _ => self.of_any_size::<P, T>(places, effort),
        }
    }

    pub(crate) fn of_any_size<P: Peer<T>, T: Sample>(self, places: &[Place; 2], effort: &Effort) -> Outcome {
        match self {
            Self::Hot => hot::trial::<P, T>(&places[0], effort),
            Self::Trip => trip::trial::<P, T>(places, effort),
            _ => Miss::limit(format!("{self:?} is not for {} bytes", size_of::<T>())),
        }
    }
}

/// What both sides have before they part.
pub(crate) fn prepared<P: Peer<T>, T: Sample>(place: &Place, records: usize) -> Outcome<&'static P::Common> {
    // This process ends with the trial.
    Ok(Box::leak(Box::new(P::prepare(place, records)?)))
}

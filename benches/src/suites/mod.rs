//! The suites, each with its trials, generic over the contestant and the record, and its tables.

pub(crate) mod hot;
pub(crate) mod trip;

use crate::effort::Effort;
use crate::miss::Outcome;
use crate::peers::{Peer, Place};
use crate::sample::Sample;

/// What is measured of a contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    Hot,
    Trip,
}

impl Trial {
    pub(crate) fn run<P: Peer<T>, T: Sample>(self, places: &[Place; 2], effort: &Effort) -> Outcome {
        match self {
            Self::Hot => hot::trial::<P, T>(&places[0], effort),
            Self::Trip => trip::trial::<P, T>(places, effort),
        }
    }
}

/// The parent's part of a trial.
pub(crate) fn prepared<P: Peer<T>, T: Sample>(place: &Place, records: usize) -> Outcome<&'static P::Common> {
    // This process ends with the trial.
    Ok(Box::leak(Box::new(P::prepare(place, records)?)))
}

//! The guard of another program around an access: taken, honoured, let go of. Relies on `semaphore::foreign` and
//! `seqcount`; does not know what is accessed.

use std::time::Duration;

use super::ForeignGuard;
use super::bounds::{Bounds, CounterBounds};
use super::seqcount::{Counter, Odd};
use crate::buffer;
use crate::error::{At, ErrorKind, Result};
use crate::region::Trust;
use crate::region::map::Map;
use crate::semaphore::foreign::{self, ForeignLock, ForeignPlace, Held};

/// A guard that is not open yet.
#[derive(Debug)]
pub(super) enum GuardPlace {
    /// None, or a counter in the segment.
    Inside,
    Semaphore(ForeignPlace),
}

/// An open guard.
#[derive(Debug)]
pub(super) enum Guard {
    None,
    Semaphore(ForeignLock),
    Seqcount(CounterBounds),
}

/// A guard that keeps others out until this is let go or dropped; in a child that was forked meanwhile it stays its
/// parent's.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    map: &'a Map,
    held: Option<Lock<'a>>,
}

#[derive(Debug)]
enum Lock<'a> {
    Semaphore(Held<'a>),
    Seqcount {
        /// Even again when dropped.
        _odd: Odd<'a>,
    },
}

impl GuardPlace {
    pub(super) fn parse(guard: ForeignGuard<'_>) -> Result<Self> {
        match guard {
            ForeignGuard::None | ForeignGuard::Seqcount { .. } => Ok(Self::Inside),
            ForeignGuard::Sysv { key, index } => ForeignPlace::sysv(key, index).map(Self::Semaphore),
            ForeignGuard::Posix { name } => ForeignPlace::posix(name).map(Self::Semaphore),
        }
    }

    pub(super) fn open(self, operation: &'static str, trust: &Trust, bounds: &Bounds) -> Result<Guard> {
        match (self, bounds.counter) {
            (Self::Semaphore(place), _) => place.open(operation, trust).map(Guard::Semaphore),
            (Self::Inside, Some(counter)) => Ok(Guard::Seqcount(counter)),
            (Self::Inside, None) => Ok(Guard::None),
        }
    }
}

impl CounterBounds {
    /// The counter of record `index`.
    pub(super) fn counter<'a>(&self, map: &'a Map, index: usize) -> Counter<'a> {
        let offset = self.offset + index * self.stride;
        if self.wide { Counter::Wide(map.word(offset)) } else { Counter::Narrow(map.half_word(offset)) }
    }
}

impl Guard {
    /// Whether there is anything to take or to honour.
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Keeps others out of record `index` of the segment at `at`.
    pub(super) fn enter<'a>(
        &'a self,
        at: &At<'_>,
        map: &'a Map,
        index: usize,
        timeout: Duration,
    ) -> Result<Hold<'a>> {
        let held = match self {
            Self::None => None,
            Self::Semaphore(lock) => Some(Lock::Semaphore(lock.take(at.operation, timeout)?)),
            Self::Seqcount(place) => {
                let counter = place.counter(map, index);
                // The first without a look at the clock.
                let patiently = || buffer::attempts(timeout, || counter.enter());
                let odd = counter.enter().map_or_else(patiently, Ok).map_err(|_| {
                    let offset = place.offset + index * place.stride;
                    let words = format!("the counter at {offset} stays odd");
                    at.error(ErrorKind::LockTimeout { pid: None }).detail(words)
                })?;
                Some(Lock::Seqcount { _odd: odd })
            }
        };
        Ok(Hold { map, held })
    }

    /// Lets go of the guard, or of that of each of `count` records, for a holder that died. Whether there was anything to
    /// let go.
    pub(super) fn free(&self, at: &At<'_>, map: &Map, count: usize, dead: Option<u32>) -> Result<bool> {
        match self {
            Self::None => Ok(false),
            Self::Semaphore(lock) => lock.free(at.operation, dead),
            Self::Seqcount(place) => {
                foreign::nobody_is_known(at, dead)?;
                let counters = if place.stride == 0 { 1 } else { count };
                Ok((0..counters).filter(|&index| place.counter(map, index).free()).count() > 0)
            }
        }
    }
}

impl Hold<'_> {
    pub(super) fn let_go(mut self) -> Result<()> {
        match self.held.take() {
            Some(Lock::Semaphore(held)) => held.let_go(),
            None | Some(Lock::Seqcount { .. }) => Ok(()),
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if self.map.is_left() {
            std::mem::forget(self.held.take());
        }
    }
}

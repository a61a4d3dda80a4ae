//! Being told of publications inside an event loop: a descriptor for `poll(2)` and its kin, and a thread that waits for it as
//! everybody waits. Relies on `wait` and on a mapping of its own; knows no record types.
//!
//! **What has been seen** is the count of changes, or a version for each record of a list. It is taken when the notifier is made
//! and again by each [`Notifier::take`], by the caller and before it returns: whatever is not in it is published later, and is to
//! be told; whatever is in it, the reads that follow see. So nothing is missed, and nothing is told twice.
//!
//! **The thread** waits until something differs from its copy of that. Under the lock it then compares again, with what has
//! been seen by now, sets the descriptor if it still differs, and pauses until that is taken: a table that is written a million
//! times a second costs nothing while nobody asks. A take under that lock resets the descriptor and lets the thread go on, which
//! compares with the new copy before it sleeps. So the descriptor is readable from a publication (and at most 100 ms, if its
//! writer dies in it) until the next take, and no longer.
//!
//! **One thread for each notifier.** One for all would sleep with `futex_waitv(2)`, which needs Linux 5.16, has no bits for groups
//! of records and takes no more than 128 words, so that the other way would be needed beside it; and a list of it that
//! changes would need a call that wakes it for every notifier that comes and goes. A thread that sleeps costs a stack.
//!
//! **The end.** A thread asleep on a word that this process can only load from is woken, but nothing can be stored that keeps it
//! from falling asleep a moment later. So who ends it says so and wakes it until it has ended; other waiters that this wakes
//! look again. That has a bound: whatever wakes come to nothing, no sleep of the thread lasts longer than 100 ms, and all else
//! that it may be at is a look at its records, or a copy of what was seen of them.

use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::error::{At, ErrorKind, Result};
use crate::fork::home::Home;
use crate::guard::doorbell::ALL_GROUPS;
use crate::status;
use crate::sync::{AtomicBool, Ordering, fence};
use crate::table::Table;
use crate::wait;

#[cfg(feature = "tokio")]
mod awaited;
mod event;
mod thread;

#[cfg(feature = "tokio")]
pub use awaited::AsyncNotifier;
use event::Event;

const OPERATION: &str = "be notified of";

/// A descriptor that is readable while anything has been published since it was made or last taken: for `poll(2)`, `epoll(7)`
/// and what stands on them. Made by [`Reader::notifier`] and [`Reader::notifier_of`].
///
/// Make it, read, and go on whenever it is readable: [`Notifier::take`] first, and then read. In this order nothing is missed.
///
/// ```
/// # use shmrecord::{Options, Reader, ShmRecord};
/// # #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)] #[repr(C)] struct Quote { price: f64 }
/// # let address = format!("posix:/doc-notify-{}", std::process::id());
/// # let address = address.as_str();
/// let mut writer = Options::new().doorbell(true).create::<Quote>(address, 100)?;
/// let reader = Reader::<Quote>::open(address)?;
/// let notifier = reader.notifier()?; // register its `as_fd()` with the event loop
/// assert!(!notifier.take()?);
///
/// writer.write(7, &Quote { price: 2.5 })?; // the descriptor becomes readable
/// assert!(notifier.take()?); // it is not any more
/// assert_eq!(reader.read(7)?.price, 2.5);
/// # shmrecord::remove(address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
///
/// It has a thread, which sleeps as [`Reader::wait`] does and takes no signals, and a mapping of its own: what becomes of the reader
/// does not concern it. When the table is removed the descriptor is readable for good, and `take` says so; [`Reader::refresh`],
/// then make another one. Dropping it ends the thread, for which it waits, a millisecond or two on a machine with time for it, and
/// as long as two looks at its records take, 7 ms each for a million.
///
/// Only poll the descriptor: who reads from it hides what it has to tell. A child of `fork` has no use of it: its thread is
/// the parent's.
///
/// [`Reader::notifier`]: crate::Reader::notifier
/// [`Reader::notifier_of`]: crate::Reader::notifier_of
/// [`Reader::wait`]: crate::Reader::wait
/// [`Reader::refresh`]: crate::Reader::refresh
#[derive(Debug)]
pub struct Notifier {
    shared: Arc<Shared>,
    /// Until it is dropped.
    thread: Option<JoinHandle<()>>,
    home: Home,
}

/// What both sides have.
#[derive(Debug)]
struct Shared {
    address: Address,
    table: Table,
    /// Those of the records it is about.
    groups: u32,
    event: Event,
    state: Mutex<State>,
    /// The event was taken, or the thread is to end.
    taken: Condvar,
    /// Only set under the lock, so that who waits for `taken` misses nothing.
    is_ending: AtomicBool,
}

#[derive(Debug)]
struct State {
    seen: Seen,
    /// The event is set, and nobody has taken it.
    is_set: bool,
    /// Why there is nothing more to be told. The event stays set.
    end: Option<ErrorKind>,
}

/// What of a table has been seen.
#[derive(Clone, Debug)]
enum Seen {
    /// The count of changes.
    Changes(u64),
    /// Indices, which are in bounds, and versions.
    Versions(Vec<(usize, u64)>),
}

impl Notifier {
    /// One for the whole table.
    pub(crate) fn of_table(table: &Table, address: &Address) -> Result<Self> {
        let seen = Seen::Changes(wait::changes(table, address)?);
        Self::new(table, address, ALL_GROUPS, seen)
    }

    /// One for these records.
    pub(crate) fn of_records(table: &Table, address: &Address, indices: &[usize]) -> Result<Self> {
        let groups = wait::groups_of(OPERATION, table, address, indices.iter().copied())?;
        let seen = Seen::Versions(indices.iter().map(|&index| (index, 0)).collect());
        Self::new(table, address, groups, seen)
    }

    /// `eventfd(2)`, another mapping of the table's segment, and `pthread_create(3)`.
    fn new(table: &Table, address: &Address, groups: u32, mut seen: Seen) -> Result<Self> {
        let at = &At { operation: OPERATION, subject: address };
        let home = Home::here().map_err(|(call, error)| at.os(call, &error))?;
        let event = Event::new().map_err(|error| at.os("eventfd", &error))?;
        let table = Table::new(table.segment().again(at)?, table.header().clone());
        seen.renew(&table);
        status::check_whole(OPERATION, &table, address)?;
        let state = State { seen, is_set: false, end: None };
        let shared = Arc::new(Shared {
            address: address.clone(),
            table,
            groups,
            event,
            state: Mutex::new(state),
            taken: Condvar::new(),
            is_ending: AtomicBool::new(false),
        });
        let its_share = Arc::clone(&shared);
        let thread =
            thread::spawn(move || its_share.run()).map_err(|error| at.os("pthread_create", &error))?;
        Ok(Self { shared, thread: Some(thread), home })
    }

    /// Whether anything has been published since it was made or last taken. From now on the descriptor is not readable until
    /// something is. What was published before is visible afterwards. Never waits.
    ///
    /// # Errors
    /// [`ErrorKind::Retired`] and [`ErrorKind::Truncated`], for ever, when the table was removed or cut: the descriptor stays
    /// readable. [`ErrorKind::ForkedHandle`] in a child.
    pub fn take(&self) -> Result<bool> {
        self.check_home()?;
        let Shared { address, table, .. } = &*self.shared;
        let at = self.at();
        let mut state = self.shared.lock();
        if let Some(kind) = &state.end {
            return Err(at.error(kind.clone()));
        }
        if state.is_set {
            self.shared.event.reset().map_err(|error| at.os("read", &error))?;
        }
        let was_set = mem::take(&mut state.is_set);
        let is_new = state.seen.renew(table);
        // Who is called finds the lock free.
        drop(state);
        self.shared.taken.notify_one();
        status::check_whole(OPERATION, table, address)?;
        Ok(is_new || was_set)
    }

    /// In a child it has no use: its thread is the parent's, which may hold any lock of it.
    fn check_home(&self) -> Result<()> {
        if self.home.is_left() { Err(status::forked(OPERATION, &self.shared.address)) } else { Ok(()) }
    }

    fn at(&self) -> At<'_> {
        At { operation: OPERATION, subject: &self.shared.address }
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.event.as_fd()
    }
}

impl AsRawFd for Notifier {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.home.is_left() {
            // Here there is none to wait for or to let go.
            mem::forget(thread);
            return;
        }
        self.shared.end();
        let mut pauses = Deadline::after(Duration::MAX);
        while !thread.is_finished() {
            self.shared.table.live().rouse(self.shared.groups);
            pauses.pause();
        }
        // A panic of its was said when it happened.
        let _ = thread.join();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nobody panics with it; if somebody did, each part of it would still be right by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Relaxed: nothing was handed over with it.
    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Lets the thread end, which may have to be woken for it.
    fn end(&self) {
        let state = self.lock();
        self.is_ending.store(true, Ordering::Relaxed);
        drop(state);
        self.taken.notify_one();
    }

    /// What the thread does.
    fn run(&self) {
        let mut seen = self.lock().seen.clone();
        loop {
            let is_over = || (self.is_ending() || seen.is_old(&self.table)).then_some(());
            let never = Deadline::after(Duration::MAX);
            let result = wait::until(&self.table, &self.address, self.groups, never, is_over);
            let mut state = self.lock();
            if self.is_ending() {
                return;
            }
            if let Err(error) = result {
                state.end = Some(error.kind().clone());
                self.event.set();
                return;
            }
            // Unless it has been taken meanwhile.
            if state.seen.is_old(&self.table) {
                state.is_set = true;
                self.event.set();
                let goes_on = |state: &mut State| state.is_set && !self.is_ending();
                state = self.taken.wait_while(state, goes_on).unwrap_or_else(PoisonError::into_inner);
            }
            seen.clone_from(&state.seen);
        }
    }
}

impl Seen {
    /// Whether the table has changed since.
    fn is_old(&self, table: &Table) -> bool {
        match self {
            Self::Changes(seen) => table.changes() != Some(*seen),
            Self::Versions(seen) => seen.iter().any(|&(index, seen)| published(table, index) != seen),
        }
    }

    /// Makes it what is there now, which the reads that follow see; says whether that is something else.
    fn renew(&mut self, table: &Table) -> bool {
        // Each is loaded once: what came between two loads would be kept and not told.
        let put = |seen: &mut u64, now| mem::replace(seen, now) != now;
        let is_new = match self {
            Self::Changes(seen) => table.changes().is_some_and(|now| put(seen, now)),
            Self::Versions(all) => all
                .iter_mut()
                .fold(false, |is_new, (index, seen)| put(seen, published(table, *index)) || is_new),
        };
        // Pairs with the writer's release of what was found.
        fence(Ordering::Acquire);
        is_new
    }
}

/// The version of a record that is in bounds; of another it would be none.
fn published(table: &Table, index: usize) -> u64 {
    table.slot(index).map_or(0, |slot| slot.published())
}

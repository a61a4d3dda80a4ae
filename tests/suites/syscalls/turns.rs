//! Many writers, and who waits for them: creating, joining, replacing, taking turns and taking them from the dead, waking and
//! being woken.
//! Relies on `sweep`, on `image` for what the dead leave, and on the runtime to go on with it.

use std::time::{Duration, Instant};

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::sysv;
use integration_tests::tracer::{Call, is_permitted};
use shmrecord::{Options, Reader, Turn, remove};

use crate::calls::{is_lock, is_thorough};
use crate::sweep::{End, Report, Subject, Sweep, check_same, every_failure, every_kill, in_each};
use crate::tables::{CAPACITY, State, look, programs};

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One writer's, with a doorbell.
    Lone,
    /// Many writers', with a doorbell.
    Many,
    /// Many writers', who take turns by a semaphore.
    Semaphore,
}
use Kind::{Lone, Many, Semaphore};

/// What is there before an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Table,
    /// A table that a remover left who was killed.
    Retired,
    /// A table whose writer with this slot died in its turn, in the middle of a write to record 0.
    Orphan(u32),
    /// A table whose lock is marked though it is free, so that who lets it go wakes somebody.
    Slept,
    /// A table whose every record is waited for.
    Waited,
}
use Before::{Nothing, Orphan, Retired, Slept, Table, Waited};

struct Operation {
    word: &'static str,
    before: Before,
    kind: Kind,
    backend: Backend,
}

const OPERATIONS: [(&str, Before, Kind); 18] = [
    ("share", Nothing, Many),
    ("share-by", Nothing, Semaphore),
    ("create-doorbell", Nothing, Lone),
    ("join", Table, Many),
    ("join", Orphan(0), Many),
    ("join", Table, Semaphore),
    ("leave", Table, Many),
    ("turn", Orphan(5), Many),
    ("turn", Slept, Many),
    ("turn", Waited, Many),
    ("turn", Table, Semaphore),
    ("turn-locked", Orphan(61), Many),
    ("turn-locked", Waited, Many),
    ("turn-batch", Waited, Many),
    ("wait", Table, Lone),
    ("remove", Waited, Many),
    ("displace", Slept, Many),
    ("displace", Orphan(5), Many),
];

/// Where a table is, and the semaphore that its writers take turns by.
struct Spot {
    table: Place,
    semaphore: Place,
    /// What the program calls the operation.
    word: String,
}

impl Spot {
    fn key(&self) -> u32 {
        self.semaphore.key().cast_unsigned()
    }

    /// As this kind of table is created.
    fn options(&self, kind: Kind) -> Options {
        let options = Options::new().timeout(Duration::from_secs(20));
        match kind {
            Lone | Many => options.doorbell(true),
            Semaphore => options.semaphore(self.key(), 0),
        }
    }
}

/// Record 0 in this version.
fn first(version: u64) -> Pattern256 {
    Pattern256::of(0, version)
}

impl Subject for Operation {
    type Place = Spot;

    fn prepare(&self) -> Spot {
        let spot = Spot {
            table: Place::new(self.backend),
            semaphore: Place::new(Backend::Sysv),
            word: String::new(),
        };
        let word =
            if self.word == "share-by" { format!("share-by-{}", spot.key()) } else { self.word.into() };
        let spot = Spot { word, ..spot };
        let address = spot.table.address();
        if self.kind == Semaphore {
            sysv::make_set(spot.semaphore.key(), 1);
            sysv::set_value(spot.semaphore.key(), 0, 1);
        }
        match (self.before, self.kind) {
            (Nothing, _) => return spot,
            (_, Lone) => {
                let mut writer = spot.options(Lone).create::<Pattern256>(address, CAPACITY).unwrap();
                writer.write(1, &Pattern256::of(1, 1)).unwrap();
            }
            (_, kind) => {
                let mut writer = spot.options(kind).create_shared::<Pattern256>(address, CAPACITY).unwrap();
                writer.write(1, &Pattern256::of(1, 1)).unwrap();
            }
        }
        let image = Image::of(&spot.table);
        match self.before {
            Retired => image.set_word(at::STATE, 2),
            Orphan(slot) => {
                let stores = image.stores_of_write(0, first(1).words());
                image.make(&stores[..stores.len() - 20]);
                image.put(at::LOCK, &(slot + 1).to_le_bytes());
            }
            Slept => image.put(at::LOCK, &at::LOCK_WAITERS.to_le_bytes()),
            Waited => image.put(at::WAITING, &[0xff; 4]),
            _ => {}
        }
        spot
    }

    fn address<'a>(&self, spot: &'a Spot) -> &'a str {
        spot.table.address()
    }

    fn other<'a>(&self, spot: &'a Spot) -> Option<&'a str> {
        Some(spot.semaphore.address())
    }

    fn word<'a>(&'a self, spot: &'a Spot) -> &'a str {
        &spot.word
    }

    fn held(&self, end: End, at: Option<&Call>) -> &'static [i32] {
        match (self.word, self.before, end) {
            _ if self.backend != Backend::Memfd => &[0],
            ("share" | "share-by" | "create-doorbell", Nothing, End::Success) => &[2],
            // The guard that could not be locked.
            ("share" | "share-by" | "create-doorbell", Nothing, End::Failure) if at.is_some_and(is_lock) => {
                &[0, 1]
            }
            ("share", Retired, End::Failure) => &[0, -1, -2],
            ("remove", _, End::Success) => &[-2],
            // Whatever of the old one has given way, and of the new one is there.
            ("displace", _, End::Failure) => &[0, -1, -2],
            _ => &[0],
        }
    }

    fn keeps_until_end(&self, at: &Call) -> bool {
        is_lock(at) && (self.word == "leave" || self.kind == Semaphore)
    }

    fn check(&self, spot: &Spot, end: End, at: Option<&Call>, _: usize) -> Result<(), String> {
        let state = look(&spot.table, |versions| match versions {
            [_, 1, _, 0] => Some(State::Old),
            [0, 0, 0, 0] => Some(State::New),
            _ => None,
        })?;
        if !self.allowed(end, at).contains(&state) {
            return Err(format!("after {end:?} there is {state:?}"));
        }
        let semaphore = (self.kind == Semaphore).then(|| sysv::value(spot.semaphore.key(), 0));
        if semaphore.is_some_and(|value| value != 1) {
            return Err(format!("the semaphore is {semaphore:?}"));
        }
        self.go_on(spot, end, state).map_err(|trouble| format!("then, with {state:?}: {trouble}"))
    }
}

impl Operation {
    /// What may be there afterwards.
    fn allowed(&self, end: End, at: Option<&Call>) -> Vec<State> {
        let creates = ["share", "share-by", "create-doorbell"].contains(&self.word);
        if self.backend == Backend::Memfd {
            // What this process has of it: nobody else takes that away.
            return match (self.word, self.before) {
                (_, Nothing) => vec![State::Absent],
                (_, Retired) => vec![State::Retired],
                ("remove" | "displace", _) if end == End::Success => vec![State::Retired],
                ("remove" | "displace", _) => vec![State::Old, State::Retired],
                _ => vec![State::Old],
            };
        }
        let mut states = match (self.before, self.word, end) {
            (Nothing | Retired, _, End::Success) => vec![State::New],
            (Nothing, ..) => vec![State::Absent],
            (Retired, ..) => vec![State::Absent, State::Guard, State::Retired],
            (_, "remove", End::Success) => vec![State::Absent],
            // Of the other one the values are carried over.
            (_, "displace", End::Success) => vec![State::Old],
            (_, "remove" | "displace", _) => vec![State::Absent, State::Guard, State::Old, State::Retired],
            _ => vec![State::Old],
        };
        if self.word == "displace" && end == End::Killed && self.backend == Backend::Sysv {
            states.push(State::Unfinished);
        }
        let creates = creates && [Nothing, Retired].contains(&self.before);
        // A guard that could not be locked is not touched any more.
        if creates && end == End::Failure && at.is_some_and(is_lock) {
            states.push(State::Guard);
        }
        if creates && end == End::Killed {
            states.extend([State::Guard, State::New]);
            if self.backend == Backend::Sysv {
                states.push(State::Unfinished);
            }
        }
        states
    }

    /// Whether the next who locks is told that somebody died in a turn. `None`: whenever it was.
    fn is_death_told(&self, end: End) -> Option<bool> {
        match (self.word, self.before, end) {
            (_, Orphan(_), _) => Some(true),
            // It wakes in the midst of its turn.
            ("turn-locked", Waited, End::Killed) => None,
            _ => Some(false),
        }
    }

    /// Whatever is there, the next one goes on with it: joins, is told of a death or not, takes its turn, removes.
    fn go_on(&self, spot: &Spot, end: End, state: State) -> Result<(), String> {
        let address = spot.table.address();
        let in_words = |error: shmrecord::Error| error.to_string();
        if self.kind == Lone {
            let options = spot.options(Lone);
            let mut writer = options.create::<Pattern256>(address, CAPACITY).map_err(in_words)?;
            writer.write(2, &Pattern256::of(2, 1)).map_err(in_words)?;
            drop(writer);
            return clear(spot);
        }
        let options = spot.options(self.kind);
        let before = Instant::now();
        let mut writer = options.create_shared::<Pattern256>(address, CAPACITY).map_err(in_words)?;
        if writer.slot() != 0 {
            return Err(format!("a slot is still held: this one has {}", writer.slot()));
        }
        let written = {
            let turn = writer.lock().map_err(in_words)?;
            let is_told = matches!(turn, Turn::AfterDeath(_));
            if self.is_death_told(end).is_some_and(|told| told != is_told && state == State::Old) {
                return Err(format!("of a death is told: {is_told}"));
            }
            let mut turn = turn.any();
            turn.clear_death();
            let version = turn.read_versioned(0).map_err(in_words)?.version;
            // The dead one's value was complete, and the operation adds at most one.
            let expected = if matches!(self.before, Orphan(_)) { 1..=2 } else { 0..=1 };
            let is_done = end == End::Success && self.word.starts_with("turn");
            let expected = if is_done { *expected.end()..=*expected.end() } else { expected };
            if state == State::Old && !expected.contains(&version) {
                return Err(format!("record 0 has version {version}"));
            }
            turn.write(0, &first(version + 1)).map_err(in_words)?;
            version + 1
        };
        drop(writer.lock().and_then(Turn::whole).map_err(in_words)?);
        if before.elapsed() > Duration::from_secs(10) {
            return Err(format!("that took {:?}", before.elapsed()));
        }
        drop(writer);
        let reader = Reader::<Pattern256>::open(address).map_err(in_words)?;
        let record = reader.read_versioned(0).map_err(in_words)?;
        if record.version != written || record.value != first(written) {
            return Err(format!("record 0 is {record:?}"));
        }
        clear(spot)
    }
}

/// Removes it; nothing is left.
fn clear(spot: &Spot) -> Result<(), String> {
    remove(spot.table.address()).map_err(|error| error.to_string())?;
    let names = spot.table.names();
    if names.is_empty() { Ok(()) } else { Err(format!("{names:?} is left")) }
}

#[test]
fn every_call_of_many_writers_and_of_waiting_fails() {
    check_same(&every_operation(every_failure));
}

#[test]
fn every_call_of_many_writers_and_of_waiting_is_the_last() {
    every_operation(every_kill);
}

/// Sweeps over every operation, in Rust and, if there is a compiler, in C.
fn every_operation(sweep: Sweep<Operation>) -> Vec<Report> {
    if !is_permitted() {
        return Vec::new();
    }
    in_each(&programs(), |program, report| {
        for (turn, (word, before, kind)) in OPERATIONS.into_iter().enumerate() {
            // The files of each kind take the same calls, but for where they come from.
            let files = [Backend::Posix, Backend::File, Backend::Memfd];
            let some = [Backend::Sysv, files[turn % files.len()]];
            let backends: &[Backend] = if is_thorough() { &Backend::ALL } else { &some };
            for &backend in backends {
                let name = format!("{word}, {before:?}, {kind:?}, {backend:?}");
                sweep(program, &name, &Operation { word, before, kind, backend }, report);
            }
        }
    })
}

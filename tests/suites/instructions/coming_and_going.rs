//! Creation, removal and replacement: at every boundary the address leads nowhere or to a whole table, and the next one to come can
//! create and remove there. Relies on `steps`, and on `image` for copies of what a dead process would leave.

use std::path::Path;
use std::time::Duration;

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Part, Place};
use integration_tests::records::{Pattern, Pattern256};
use integration_tests::sysv;
use integration_tests::tracer::is_permitted;
use shmrecord::{ErrorKind, Options, Reader, Result as Outcome, Status, Writer, remove};

use crate::fixture::RECORDS;
use crate::steps::{Steps, programs, report, rounds};

/// Segments that are seen while they are filled, and segments that appear complete.
const BACKENDS: [Backend; 2] = [Backend::Sysv, Backend::Posix];
/// The state of a table that is being removed (`docs/FORMAT.md`).
const RETIRED: u64 = 2;

/// What a process that dies now would leave.
#[derive(PartialEq)]
struct Left {
    /// The segment's bytes, if it has its name.
    segment: Option<Vec<u8>>,
    has_guard: bool,
    has_doorbell: bool,
}

impl Left {
    /// What is there; `image` is the segment as long as it has its name.
    fn at(place: &Place, image: &mut Option<Image>, has_doorbell: bool) -> Self {
        let has = match place.backend() {
            Backend::Sysv => [sysv::segment(place.key()).is_some(), sysv::set(place.key()).is_some()],
            _ => [place.path().exists(), place.guard().exists()],
        };
        if !has[0] {
            // What has the name next is another one.
            *image = None;
        }
        let image = if has[0] { Some(&*image.get_or_insert_with(|| Image::of(place))) } else { None };
        Self { segment: image.map(Image::bytes), has_guard: has[1], has_doorbell }
    }

    /// A word of the segment.
    fn word(&self, offset: u64) -> Option<u64> {
        let offset = usize::try_from(offset).expect("a small number");
        let word = self.segment.as_ref()?[offset..offset + 8].try_into().expect("8 bytes");
        Some(u64::from_le_bytes(word))
    }

    /// Whether it is a System V segment that its creator has not made complete.
    fn is_unfinished(&self) -> bool {
        self.word(at::MAGIC) == Some(0)
    }

    /// Whether a table can be read there.
    fn is_table(&self) -> bool {
        self.segment.is_some() && !self.is_unfinished() && self.word(at::STATE) != Some(RETIRED)
    }

    /// The same at another place, left by a process that is gone.
    fn again(&self, backend: Backend) -> Place {
        let place = table(backend, 0, self.has_doorbell);
        match &self.segment {
            Some(bytes) if self.is_unfinished() => Image::of(&place).put(0, bytes),
            // Its header names another guard.
            Some(bytes) => {
                let header = usize::try_from(at::HEADER_END).expect("a small number");
                Image::of(&place).put(at::HEADER_END, &bytes[header..]);
            }
            None => place.remove(Part::Segment),
        }
        if !self.has_guard {
            place.remove(Part::Guard);
        }
        place
    }

    /// Whether readers find there what they should, and the next one can create and remove there.
    fn check(&self, place: &Place, version: u64) -> Result<(), String> {
        let patient = Options::new().timeout(Duration::from_millis(1));
        let said = match patient.open::<Pattern256>(place.address()) {
            Ok(reader) if self.is_table() => {
                return is(&reader, version).and_then(|()| self.follow(place, version));
            }
            Ok(_) => return Err("it is opened though it is no table".to_owned()),
            Err(error) => error,
        };
        let expected = match &self.segment {
            None => ErrorKind::NotFound,
            Some(_) if self.is_unfinished() => ErrorKind::NotReady,
            Some(_) => ErrorKind::Retired,
        };
        if self.is_table() || *said.kind() != expected {
            return Err(format!("a reader is told: {said}"));
        }
        if expected == ErrorKind::Retired {
            self.replace(place, version)?;
        }
        self.follow(place, 0)
    }

    /// Whether the next one can replace what is there without losing a value.
    fn replace(&self, place: &Place, version: u64) -> Result<(), String> {
        let there = self.again(place.backend());
        drop(in_words(Writer::<Pattern256>::replace(there.address(), RECORDS))?);
        is(&in_words(Reader::open(there.address()))?, version)?;
        in_words(remove(there.address()))?;
        nothing_at(&there)
    }

    /// Whether the next one can create and remove there, or remove and find nothing left.
    fn follow(&self, place: &Place, version: u64) -> Result<(), String> {
        let there = self.again(place.backend());
        let mut writer = in_words(Writer::<Pattern256>::create(there.address(), RECORDS))?;
        is(&in_words(Reader::open(there.address()))?, version)?;
        in_words(writer.write(0, &Pattern256::of(0, version + 1)))?;
        is(&in_words(Reader::open(there.address()))?, version + 1)?;
        drop(writer);
        in_words(remove(there.address()))?;
        nothing_at(&there)?;
        let there = self.again(place.backend());
        match remove(there.address()) {
            Err(error) if self.segment.is_none() && *error.kind() == ErrorKind::NotFound => {}
            result => in_words(result)?,
        }
        nothing_at(&there)
    }
}

/// A table as the program `step` makes it, whose record 0 has this version, and whose writer is gone.
fn table(backend: Backend, version: u64, has_doorbell: bool) -> Place {
    let place = Place::new(backend);
    let options = Options::new().doorbell(has_doorbell);
    let mut writer = options.create::<Pattern256>(place.address(), RECORDS).expect("a new table");
    for version in 1..=version {
        writer.write(0, &Pattern256::of(0, version)).expect("an index in range");
    }
    place
}

/// Whether record 0 has this version and its value, and the others were never written.
fn is(reader: &Reader<Pattern256>, version: u64) -> Result<(), String> {
    for index in 0..RECORDS {
        let expected = if index == 0 { version } else { 0 };
        let record = in_words(reader.read_versioned(index))?;
        if record.version != expected || record.value != Pattern256::of(index, expected) {
            return Err(format!("record {index} is {record:?} instead of version {expected}"));
        }
    }
    Ok(())
}

fn nothing_at(place: &Place) -> Result<(), String> {
    let names = place.names();
    if names.is_empty() { Ok(()) } else { Err(format!("{names:?} is left")) }
}

fn in_words<T>(result: Outcome<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

#[test]
fn creation_may_end_at_every_instruction() {
    each(|program, backend| {
        let place = Place::new(backend);
        step(program, "create", &place, (0, false), &|_| Ok(()), |left| left.is_table() && left.has_guard);
    });
}

#[test]
fn removal_may_end_at_every_instruction() {
    each(|program, backend| {
        let place = table(backend, 2, false);
        let reader = Reader::<Pattern256>::open(place.address()).expect("a table");
        // Who has it mapped reads on, and is told as soon as it has lost its name.
        let is_readable = |left: &Left| match left.segment {
            None if in_words(reader.status())? != Status::Retired => {
                Err("nobody is told that it goes".to_owned())
            }
            _ => is(&reader, 2),
        };
        step(program, "remove", &place, (2, false), &is_readable, |left| {
            left.segment.is_none() && !left.has_guard
        });
    });
}

#[test]
fn removal_of_a_table_that_is_waited_for_may_end_at_every_instruction() {
    if !is_permitted() {
        return;
    }
    // In Rust only.
    for backend in BACKENDS {
        let place = table(backend, 2, true);
        let address = place.address();
        let mut writer = Writer::<Pattern256>::open(address).expect("a table");
        let reader = Reader::<Pattern256>::open(address).expect("a table");
        let image = Image::of(&place);
        image.put(at::WAITING, &1_u32.to_le_bytes());
        let rings = image.half(at::DOORBELL);
        // Whoever looks is told as soon as it is so, rung for or not.
        let is_told = |left: &Left| {
            let is_retired = left.word(at::STATE).is_none_or(|state| state == RETIRED);
            match reader.wait(0, 2, Duration::ZERO) {
                Err(error) if is_retired && *error.kind() == ErrorKind::Retired => Ok(()),
                Ok(None) if !is_retired => Ok(()),
                other => Err(format!("who waits is told {other:?}")),
            }
        };
        let program = programs()[0];
        step(program, "remove", &place, (2, true), &is_told, |left| {
            left.segment.is_none() && !left.has_guard
        });
        let now = image.half(at::DOORBELL);
        assert!(backend == Backend::Sysv || now == rings + 1, "{rings} rings, then {now}");
        let said = writer.write(0, &Pattern256::of(0, 3)).expect_err("nobody new finds it");
        assert_eq!(*said.kind(), ErrorKind::Retired);
    }
}

#[test]
fn replacement_may_end_at_every_instruction() {
    each(|program, backend| {
        let place = table(backend, 2, false);
        let mut reader = Reader::<Pattern256>::open(place.address()).expect("a table");
        let is_readable = |_: &Left| is(&reader, 2);
        step(program, "replace", &place, (2, false), &is_readable, |left| left.is_table() && left.has_guard);
        assert!(reader.refresh().expect("another table"), "it was replaced");
        assert_eq!(is(&reader, 2), Ok(()));
    });
}

/// Each program with one kind of segment, or, in the second round, with the other.
fn each(test: impl Fn(&Path, Backend)) {
    if !is_permitted() {
        return;
    }
    for round in 0..rounds().min(BACKENDS.len() as u64) {
        for (program, turn) in programs().into_iter().zip(round..) {
            test(program, if turn.is_multiple_of(2) { BACKENDS[0] } else { BACKENDS[1] });
        }
    }
}

/// Steps an operation, and checks what it would leave wherever that changes.
fn step(
    program: &Path,
    operation: &str,
    place: &Place,
    (version, has_doorbell): (u64, bool),
    always: &dyn Fn(&Left) -> Result<(), String>,
    is_done: fn(&Left) -> bool,
) {
    let mut steps = Steps::start(program, &[operation, place.address()]);
    let mut image = None;
    let mut left = Left::at(place, &mut image, has_doorbell);
    let mut changes = 0;
    let mut found = left.check(place, version);
    while found.is_ok() && steps.step() {
        let now = Left::at(place, &mut image, has_doorbell);
        found = always(&now);
        if now != left {
            changes += 1;
            left = now;
            found = found.and_then(|()| left.check(place, version));
        }
    }
    let found = found.and_then(|()| match is_done(&left) {
        true => Ok(()),
        false => Err("it is not done at the end".to_owned()),
    });
    let what = format!("{operation} at {:?}", place.backend());
    report(program, &what, steps.boundaries, changes, found);
    steps.finish().expect("it ends well");
}

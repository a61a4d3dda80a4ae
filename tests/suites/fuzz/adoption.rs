//! What a program says of another's segment: numbers that somebody may have taken from anywhere. Whatever is accepted lies
//! inside the segment, in both languages alike.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use integration_tests::place::{Backend, Place};
use shmrecord::{Adopt, ForeignGuard, Result, Versioned};

use crate::mutator;
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin, same, words};
use integration_tests::every::{Every, line};

/// What stands for as many records as fit.
const REST: u64 = u64::MAX;
const SIZE: u64 = size_of::<Every>() as u64;

#[test]
fn hostile_numbers_are_refused_or_lie_inside() {
    run::inputs("adoption::hostile_numbers_are_refused_or_lie_inside", 10_000, twin::program, |program| {
        let mut twin = Twin::start(program);
        // Its last record can end where the mapping does.
        let segments = [SIZE, 1000, 4096, 8 * SIZE + 64].map(Segment::new);
        move |random| {
            let segment = &segments[random.below(segments.len())];
            check(segment, &Numbers::hostile(random, segment.bytes), twin.as_mut());
        }
    });
}

/// A segment of another program.
pub(crate) struct Segment {
    place: Place,
    bytes: u64,
}

impl Segment {
    pub(crate) fn new(bytes: u64) -> Self {
        let place = Place::new(Backend::Posix);
        // Every byte is a counter that is even, and a bool.
        fs::write(place.path(), vec![0; usize::try_from(bytes).expect("a small one")]).expect("a new file");
        fs::set_permissions(place.path(), PermissionsExt::from_mode(0o600)).expect("an own file");
        Self { place, bytes }
    }
}

/// What is said of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) offset: u64,
    pub(crate) count: u64,
    pub(crate) stride: u64,
    pub(crate) counter: u64,
    pub(crate) bits: u32,
    pub(crate) per_record: bool,
}

impl Numbers {
    /// Numbers that could be, all but some.
    fn hostile(random: &mut Random, bytes: u64) -> Self {
        let align = align_of::<Every>() as u64;
        let stride = SIZE.next_multiple_of(8) + 8 * random.below(4) as u64;
        let mut numbers = [8 * random.below(20) as u64, 1 + random.below(8) as u64, stride, 0];
        numbers[3] = match random.below(3) {
            0 => 0,
            1 => numbers[0] + SIZE.next_multiple_of(align),
            _ => 4 * random.below(1 << 10) as u64,
        };
        let edges = [SIZE, bytes, stride, numbers[0], numbers[3], u64::MAX - stride, u64::MAX / stride];
        for _ in 0..random.below(3) {
            let which = random.below(4);
            let changed = mutator::number(random, numbers[which], &edges);
            // Mostly aligned: what is not is refused at once.
            numbers[which] = if random.below(4) == 0 || which == 1 { changed } else { changed & !7 };
        }
        let [offset, count, stride, counter] = numbers;
        let bits = [32, 64, 32, 64, 32, 64, 0, 33][random.below(8)];
        let count = if random.below(4) == 0 { REST } else { count };
        Self { offset, count, stride, counter, bits, per_record: random.below(2) == 0 }
    }

    fn adopt<'a>(&self, address: &'a str) -> Adopt<'a, Every> {
        let Self { offset, count, stride, counter, bits, per_record } = *self;
        let guard = ForeignGuard::Seqcount { offset: counter, bits, per_record };
        let adopt =
            Adopt::new(address, guard).offset(offset).stride(stride).timeout(Duration::from_millis(1));
        if count == REST { adopt } else { adopt.count(count) }
    }
}

/// What both languages make of these numbers, and of the first record, the last and the one behind it.
pub(crate) fn check(segment: &Segment, numbers: &Numbers, twin: Option<&mut Twin>) {
    let address = segment.place.address();
    if let Some(twin) = twin {
        let Numbers { offset, count, stride, counter, bits, per_record } = *numbers;
        let text = format!("{offset} {count} {stride} {counter} {bits} {}\0", u8::from(per_record));
        twin.say(&format!("adopt {address}"), text.as_bytes());
        same(&twin.answer(), &read(address, numbers));
    } else {
        read(address, numbers);
    }
    if let Ok(mut writer) = numbers.adopt(address).open_writer() {
        let count = writer.count();
        let first = writer.read(0).expect("zeros are a value");
        writer.write(count - 1, &first).expect("it lies inside");
        writer.write(count, &first).expect_err("it lies outside");
        assert_eq!(fs::metadata(segment.place.path()).expect("its size").len(), segment.bytes);
        fs::write(segment.place.path(), vec![0; usize::try_from(segment.bytes).expect("a small one")])
            .expect("an own file");
    }
}

fn read(address: &str, numbers: &Numbers) -> String {
    let table = numbers.adopt(address).open();
    let mut said = words(&table);
    if let Ok(table) = table {
        let count = table.count();
        for index in [0, count - 1, count] {
            let _ = write!(said, "; {}", record(table.read(index)));
        }
    }
    said
}

/// A record as C prints it, which has no version.
fn record(read: Result<Every>) -> String {
    match read {
        Ok(value) => line(Versioned { value, version: 0 }).replacen('0', "ok", 1),
        failed => words(&failed),
    }
}

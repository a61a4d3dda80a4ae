//! Tables whose every byte may be hostile: read by type and by name, taken over and written, in both languages.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use integration_tests::image::{at, fnv1a};
use integration_tests::place::{Backend, Place};
use shmrecord::{Arrangement, ErrorKind, Options, RawReader, Versioned};

use crate::every::{Every, every, line};
use crate::mutator::{self, Number, change, change_number, numbers};
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin, same, words};

/// How many records of a table are looked at.
const LOOKED_AT: usize = 4;

/// A read of what can never be read ends after this, and so does every other wait.
pub(crate) fn impatient() -> Options {
    Options::new().timeout(Duration::from_millis(1))
}

#[test]
fn hostile_segments_are_refused_or_read_whole() {
    run::inputs("segments::hostile_segments_are_refused_or_read_whole", 6000, twin::program, |program| {
        let mut twin = Twin::start(program);
        let mut tables = tables();
        move |random| {
            let which = random.below(tables.len());
            input(random, &mut tables[which], twin.as_mut());
        }
    });
}

/// A table that is spoilt and made whole again.
pub(crate) struct Table {
    place: Place,
    options: Options,
    capacity: usize,
    file: File,
    whole: Vec<u8>,
    numbers: Numbers,
}

fn tables() -> Vec<Table> {
    let shapes = [(1, Arrangement::Split), (1, Arrangement::Line), (1, Arrangement::Packed)];
    let shapes = shapes.into_iter().chain([(2, Arrangement::Split), (4, Arrangement::Packed), (8, Arrangement::Line)]);
    shapes.map(|(cells, arrangement)| Table::new(cells, arrangement)).collect()
}

impl Table {
    pub(crate) fn new(cells: u32, arrangement: Arrangement) -> Self {
        let place = Place::new(Backend::Posix);
        let mut options = impatient().cells(cells).arrangement(arrangement);
        if cells == 1 {
            options = options.log_entries(2);
        }
        let capacity = fitting(&place, &options);
        let (file, whole) = make(&place, &options, capacity);
        let numbers = Numbers::of(&whole);
        Self { place, options, capacity, file, whole, numbers }
    }

    pub(crate) fn address(&self) -> &str {
        self.place.address()
    }

    /// Overwrites one of the numbers that the protocol is about, as somebody may do at any time who can write.
    pub(crate) fn scribble(&self, random: &mut Random) {
        let Numbers { live, log, versions, .. } = &self.numbers;
        let places = [live, log, log, versions, versions][random.below(5)];
        if places.is_empty() {
            return;
        }
        let (at, width) = places[random.below(places.len())];
        let now = u64::try_from(word(&self.whole, at as u64)).expect("64 bits");
        let bytes = mutator::number(random, now, &[]).to_le_bytes();
        self.file.write_all_at(&bytes[..width], at as u64).expect("a place inside the segment");
    }

    /// Makes it whole again.
    pub(crate) fn mend(&self) {
        self.put(&self.whole);
    }

    /// Puts these bytes there instead of whole ones.
    pub(crate) fn put(&self, bytes: &[u8]) {
        let length = self.file.metadata().expect("its size").len();
        if length != bytes.len() as u64 {
            self.file.set_len(bytes.len() as u64).expect("a new size");
        }
        self.file.write_all_at(bytes, 0).expect("bytes inside the segment");
    }

    /// What is there now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self.file.metadata().expect("its size").len();
        let mut bytes = vec![0; usize::try_from(length).expect("a segment in memory")];
        self.file.read_exact_at(&mut bytes, 0).expect("bytes inside the segment");
        bytes
    }

    /// After a take-over of what seemed to be removed there is no table any more: makes another one.
    pub(crate) fn exists_again(&mut self) {
        if self.place.path().exists() {
            return;
        }
        (self.file, self.whole) = make(&self.place, &self.options, self.capacity);
    }
}

/// A small capacity with which the segment ends as near as can be to the end of a page, behind which nobody may touch.
fn fitting(place: &Place, options: &Options) -> usize {
    let unused = |capacity: &usize| {
        drop(options.create::<Every>(place.address(), *capacity).expect("nothing is there"));
        let bytes = place.path().metadata().expect("a table").len();
        options.remove(place.address()).expect("an own table");
        bytes.wrapping_neg() % 4096
    };
    (3..20).min_by_key(unused).expect("there are some")
}

/// A new table with a few values in it, and its bytes.
fn make(place: &Place, options: &Options, capacity: usize) -> (File, Vec<u8>) {
    let mut writer = options.create::<Every>(place.address(), capacity).expect("nothing is there");
    for number in 0..4 {
        writer.write(usize::from(number > 2), &every(number)).expect("room for two records");
    }
    drop(writer);
    let file = File::options().read(true).write(true).open(place.path()).expect("the segment's file");
    let mut whole = vec![0; usize::try_from(file.metadata().expect("its size").len()).expect("a small one")];
    file.read_exact_at(&mut whole, 0).expect("its bytes");
    (file, whole)
}

fn word(bytes: &[u8], at: u64) -> usize {
    let at = usize::try_from(at).expect("an offset in memory");
    let word = bytes.get(at..at + 8).map_or(0, |word| u64::from_le_bytes(word.try_into().expect("8 bytes")));
    usize::try_from(word).expect("64 bits")
}

/// Where `docs/FORMAT.md` has numbers in a whole table.
#[derive(Debug)]
struct Numbers {
    header: Vec<Number>,
    live: Vec<Number>,
    /// Of the log's head and of its entries, but for the values; empty without a log.
    log: Vec<Number>,
    versions: Vec<Number>,
    description: Vec<Number>,
}

impl Numbers {
    fn of(whole: &[u8]) -> Self {
        let widths = [8, 4, 4, 8, 8, 8, 4, 4, 8, 4, 4, 8, 8, 8, 8, 8, 8, 4, 4, 8, 8, 8, 4, 4];
        let header = [numbers(0, &widths), numbers(152, &[8; 13])].concat();
        let log = match word(whole, at::LOG_OFFSET) {
            0 => Vec::new(),
            log => {
                let cell = size_of::<Every>().next_multiple_of(8);
                let second = log + 64 + (cell + 16).next_multiple_of(64) + cell;
                [numbers(log, &[8; 3]), numbers(log + 64 + cell, &[8; 2]), numbers(second, &[8; 2])].concat()
            }
        };
        let (first, stride) = (word(whole, at::VERSIONS_OFFSET), word(whole, at::VERSIONS_OFFSET + 8));
        let versions = (0..3).map(|index| (first + index * stride, 8)).collect();
        let length = word(whole, at::DESCRIPTION_OFFSET + 8);
        let description = numbers(word(whole, at::DESCRIPTION_OFFSET), &vec![4; length / 4]);
        Self { header, live: numbers(256, &[8; 6]), log, versions, description }
    }

    /// A log that fits the versions, as a writer leaves it that dies, or somebody who knows what recovery looks for.
    fn forge_log(&self, random: &mut Random, bytes: &mut [u8]) {
        let places: Vec<usize> = self.log.iter().map(|place| place.0).collect();
        let [sequence, count, _batch, entries @ ..] = places.as_slice() else { return };
        let (index, target) = [(entries[0], entries[1]), (entries[2], entries[3])][random.below(2)];
        let mut put = |at: usize, word: u64| bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        let which = random.below(self.versions.len());
        let odd = u64::from(random.below(4) > 0);
        let version = mutator::number(random, 1, &[]) | odd;
        put(self.versions[which].0, version);
        put(index, which as u64);
        put(target, version.wrapping_add(1));
        put(*count, random.below(4) as u64);
        put(*sequence, mutator::number(random, 2, &[]) & !1);
    }
}

/// Makes the checksums of description and header right again: without that nothing gets past them.
fn seal(bytes: &mut [u8]) {
    let start = word(bytes, at::DESCRIPTION_OFFSET);
    let end = start.saturating_add(word(bytes, at::DESCRIPTION_OFFSET + 8));
    let sum = bytes.get(start..end).map(fnv1a);
    if let (Some(sum), Some(place)) = (sum, bytes.get_mut(136..144)) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    if let Some((covered, [a, b, c, d, e, f, g, h, ..])) = bytes.split_at_mut_checked(248) {
        let sum = fnv1a(covered).to_le_bytes();
        [*a, *b, *c, *d, *e, *f, *g, *h] = sum;
    }
}

/// The table's bytes as somebody hostile leaves them.
pub(crate) fn spoilt(random: &mut Random, table: &Table) -> Vec<u8> {
    let mut bytes = table.whole.clone();
    if random.below(256) == 0 {
        bytes = mutator::arbitrary(random, 2000);
    }
    let Numbers { header, live, log, versions, description } = &table.numbers;
    if random.below(8) == 0 && bytes.len() == table.whole.len() {
        table.numbers.forge_log(random, &mut bytes);
    }
    for _ in 0..=random.below(4) {
        let places = match random.below(16) {
            0..4 => header,
            4 => live,
            5..8 => log,
            8..11 => versions,
            11..14 => description,
            _ => {
                let all = 0..bytes.len();
                change(random, &mut bytes, all);
                continue;
            }
        };
        if !places.is_empty() {
            change_number(random, &mut bytes, places);
        }
    }
    // Who finds another schema looks for the difference in the description.
    if random.below(8) == 0 {
        change_number(random, &mut bytes, &[(24, 8)]);
    }
    if random.below(8) > 0 {
        seal(&mut bytes);
    }
    if random.below(32) == 0 {
        let length = random.below(bytes.len() + 4096);
        bytes.resize(length, 0);
    }
    bytes
}

fn input(random: &mut Random, table: &mut Table, mut twin: Option<&mut Twin>) {
    let bytes = spoilt(random, table);
    table.put(&bytes);
    if let Some(twin) = &mut twin {
        twin.say(&format!("read {}", table.address()), &[]);
    }
    let rust = read(table.address());
    read_by_name(table.address());
    if let Some(twin) = &mut twin {
        same(&twin.answer(), &rust);
    }
    assert!(table.bytes() == bytes, "a reader stored something");
    if random.below(3) == 0 {
        let number = random.below(16) as u64;
        let ours = take_over(table, &bytes, |address| write(address, number));
        if let Some(twin) = twin {
            let theirs = take_over(table, &bytes, |address| {
                twin.say(&format!("write {number} {address}"), &[]);
                twin.answer()
            });
            same(&theirs.0, &ours.0);
            assert!(theirs.1 == ours.1, "{}: the bytes that are left differ", ours.0);
        }
    }
}

/// What is said of the table, and of its first records.
fn read(address: &str) -> String {
    let reader = impatient().open::<Every>(address);
    let mut said = words(&reader);
    if let Ok(reader) = reader {
        say_records(&mut said, reader.capacity(), |index| reader.read_versioned(index));
    }
    said
}

fn say_records(
    said: &mut String,
    capacity: usize,
    read: impl Fn(usize) -> shmrecord::Result<Versioned<Every>>,
) {
    for index in 0..capacity.min(LOOKED_AT) {
        let record = match read(index) {
            Ok(record) => line(record),
            failed => words(&failed),
        };
        let _ = write!(said, "; {record}");
    }
}

/// As a tool reads it that has no schema: whatever it finds it can show.
fn read_by_name(address: &str) {
    let Ok(reader) = impatient().open_raw(address) else { return };
    for index in 0..reader.capacity().min(LOOKED_AT) {
        match reader.read(index) {
            Ok(record) => {
                let shown: Vec<String> = record.fields.iter().map(|(_, value)| value.to_string()).collect();
                assert!(shown.iter().all(|text| !text.contains(char::is_control)), "{shown:?}");
            }
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Contended { .. }), "{error}"),
        }
    }
    // It may say anything of a writer that is not there.
    let _ = RawReader::status(&reader).expect("the kernel tells");
}

/// What is said of taking the table over, of its records, of writing, and of the records then.
fn write(address: &str, number: u64) -> String {
    let writer = impatient().open_writer::<Every>(address);
    let mut said = words(&writer);
    if let Ok(mut writer) = writer {
        let capacity = writer.capacity();
        say_records(&mut said, capacity, |index| writer.read_versioned(index));
        let index = usize::try_from(number).expect("a small number") % (capacity + 1);
        let written = words(&writer.write(index, &every(number)));
        let _ = write!(said, "; {written}");
        say_records(&mut said, capacity, |index| writer.read_versioned(index));
    }
    said
}

/// What somebody says who takes over the table with these bytes, and the bytes then but for who it was and when; none when
/// he found that it was removed.
fn take_over(
    table: &mut Table,
    bytes: &[u8],
    writer: impl FnOnce(&str) -> String,
) -> (String, Option<Vec<u8>>) {
    table.put(bytes);
    let said = writer(table.address());
    let left = table.place.path().exists().then(|| {
        let mut left = table.bytes();
        if said.starts_with("ok") {
            left[272..296].fill(0);
        }
        left
    });
    table.exists_again();
    (said, left)
}

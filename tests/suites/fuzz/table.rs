//! A table whose bytes are spoilt as somebody hostile would, and made whole again. Relies on `docs/FORMAT.md` for where its
//! numbers are, and on `mutator` for what becomes of them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use integration_tests::image::{at, fnv1a};
use integration_tests::place::{Backend, Place};
use shmrecord::{Arrangement, Options};

use crate::mutator::{self, Number, change, change_number, numbers};
use crate::random::Random;
use integration_tests::every::{Every, every};

/// A read of what can never be read ends after this, and so does every other wait.
pub(crate) fn impatient() -> Options {
    Options::new().timeout(Duration::from_millis(1))
}

/// A table that is spoilt and made whole again.
pub(crate) struct Table {
    place: Place,
    options: Options,
    many: bool,
    capacity: usize,
    file: File,
    whole: Vec<u8>,
    numbers: Numbers,
}

impl Table {
    /// Of one writer.
    pub(crate) fn new(cells: u32, arrangement: Arrangement) -> Self {
        Self::of(false, impatient().cells(cells).arrangement(arrangement), cells)
    }

    /// Of many writers, with a doorbell.
    pub(crate) fn of_many(cells: u32, arrangement: Arrangement) -> Self {
        Self::of(true, impatient().cells(cells).arrangement(arrangement).doorbell(true).stamps(true), cells)
    }

    fn of(many: bool, mut options: Options, cells: u32) -> Self {
        let place = Place::new(Backend::Posix);
        if cells == 1 {
            options = options.log_entries(2);
        }
        let capacity = fitting(&place, &options);
        let (file, whole) = make(&place, &options, many, capacity);
        let numbers = Numbers::of(&whole, many);
        Self { place, options, many, capacity, file, whole, numbers }
    }

    pub(crate) fn address(&self) -> &str {
        self.place.address()
    }

    /// Whether anything has its name.
    pub(crate) fn exists(&self) -> bool {
        self.place.path().exists()
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

    /// Does this while a thread scribbles all the time.
    pub(crate) fn beside_a_scribbler(&self, random: &mut Random, work: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    self.scribble(random);
                }
            });
            let _end = End(&is_over);
            work();
        });
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
        if self.exists() {
            return;
        }
        (self.file, self.whole) = make(&self.place, &self.options, self.many, self.capacity);
    }
}

/// Ends the scribbler, whatever becomes of the work.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
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
fn make(place: &Place, options: &Options, many: bool, capacity: usize) -> (File, Vec<u8>) {
    let values = (0..4).map(|number| (usize::from(number > 2), every(number)));
    if many {
        let mut writer = options.create_shared(place.address(), capacity).expect("nothing is there");
        values.for_each(|(index, value)| writer.write(index, &value).expect("room for two records"));
    } else {
        let mut writer = options.create(place.address(), capacity).expect("nothing is there");
        values.for_each(|(index, value)| writer.write(index, &value).expect("room for two records"));
    }
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
    fn of(whole: &[u8], many: bool) -> Self {
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
        let mut live = numbers(256, &[8; 6]);
        if many {
            live.extend([
                (328, 8),
                (384, 4),
                (512, 4),
                (512, 4),
                (512, 4),
                (520, 8),
                (640, 8),
                (648, 8),
                (4096, 4),
            ]);
        }
        Self { header, live, log, versions, description }
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

/// Makes the record another one, which may have fewer fields at the end, in header and description alike: what else is wrong
/// with it then meets those who accept versions.
fn make_a_version(random: &mut Random, bytes: &mut [u8]) {
    let description = word(bytes, at::DESCRIPTION_OFFSET);
    // The table's own record is the second one; its number of fields and its `schema_id`.
    let root = description.saturating_add(64 + 64);
    let Some(fields) = bytes.get_mut(root..).and_then(|root| root.get_mut(28..32)) else { return };
    fields[0] = fields[0].saturating_sub(u8::try_from(random.below(3)).expect("a small number"));
    let id = mutator::number(random, 1, &[]).to_le_bytes();
    for at in [24, root + 40] {
        if let Some(place) = bytes.get_mut(at..at + 8) {
            place.copy_from_slice(&id);
        }
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
    if random.below(8) == 0 {
        make_a_version(random, &mut bytes);
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

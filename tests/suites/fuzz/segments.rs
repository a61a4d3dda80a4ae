//! Tables whose every byte may be hostile: read by type and by name, taken over and written, in both languages.

use std::fmt::Write as _;

use shmrecord::{Arrangement, ErrorKind, Options, RawReader, Versioned};

use crate::random::Random;
use crate::run;
use crate::table::{Table, impatient, spoilt};
use crate::twin::{self, Twin, same, words};
use integration_tests::every::{Every, every, line};

/// How many records of a table are looked at.
const LOOKED_AT: usize = 4;

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

fn tables() -> Vec<Table> {
    let shapes = [(1, Arrangement::Split), (1, Arrangement::Line), (1, Arrangement::Packed)];
    let shapes =
        shapes.into_iter().chain([(2, Arrangement::Split), (4, Arrangement::Packed), (8, Arrangement::Line)]);
    shapes.map(|(cells, arrangement)| Table::new(cells, arrangement)).collect()
}

fn input(random: &mut Random, table: &mut Table, mut twin: Option<&mut Twin>) {
    let bytes = spoilt(random, table);
    table.put(&bytes);
    let (options, request) = match random.below(2) {
        0 => (impatient(), "read"),
        _ => (impatient().compatible(true), "versions"),
    };
    if let Some(twin) = &mut twin {
        twin.say(&format!("{request} {}", table.address()), &[]);
    }
    let rust = read(&options, table.address());
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
pub(crate) fn read(options: &Options, address: &str) -> String {
    let reader = options.open::<Every>(address);
    let mut said = words(&reader);
    if let Ok(reader) = reader {
        say_records(&mut said, reader.capacity(), |index| reader.read_versioned(index));
    }
    said
}

pub(crate) fn say_records(
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
    let left = table.exists().then(|| {
        let mut left = table.bytes();
        if said.starts_with("ok") {
            // Who took over, and when: the owner's words and the stamp.
            left[272..296].fill(0);
            left[320..328].fill(0);
        }
        left
    });
    table.exists_again();
    (said, left)
}

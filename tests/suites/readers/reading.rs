//! Values, versions and snapshots, of every kind of segment, at rest and after each store that a writer can die of.

use std::process::Command;

use integration_tests::case::{CELLS, Case};
use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern64, Pattern256, Pattern4096, Quote, quote};
use integration_tests::tools::{has_tool, run};
use ipcgen::emit::Language;
use shmrecord::{Arrangement, Options, Reader, SharedWriter, ShmRecord, Writer};

use crate::records::{Lamp, Lights, Signal};
use crate::served::{Printed, Reads, fixture, folder, generate, has_numpy, suite};

const CAPACITY: usize = 3;

/// Every combination that each language can read.
fn every_case(test: impl Fn(Reads, &Case)) {
    for reads in Reads::ALL {
        for &backend in reads.backends() {
            for cells in CELLS {
                for arrangement in Arrangement::ALL {
                    test(reads, &Case { backend, cells, arrangement });
                }
            }
        }
    }
}

#[test]
fn the_fixture_has_the_records_of_rust() {
    let layouts = [
        Quote::LAYOUT,
        Pattern64::LAYOUT,
        Pattern256::LAYOUT,
        Pattern4096::LAYOUT,
        Lamp::LAYOUT,
        Lights::LAYOUT,
        Signal::LAYOUT,
    ];
    let model = fixture();
    assert_eq!(model.records.len(), layouts.len());
    for layout in layouts {
        let record = model.records.iter().find(|record| record.name == layout.name).expect("a record");
        assert_eq!(
            (record.layout_id, record.schema_id),
            (layout.layout_id, layout.schema_id),
            "{}",
            layout.name
        );
    }
}

#[test]
fn what_was_written_is_read() {
    every_case(|reads, case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        for number in 1..=9 {
            writer.write(1, &quote(number)).unwrap();
        }
        let Some(mut served) = reads.open("Quote", &place) else { return };
        assert_eq!(served.first(), format!("table {CAPACITY} 1"), "{reads:?}: {case}");
        // Symbol and padding, price, volume.
        let words = vec![u64::from_le_bytes(*b"S9\0\0\0\0\0\0"), 0, 4.5_f64.to_bits(), 9];
        let never = |index| Some(Printed { index, version: 0, words: vec![0; 4] });
        let written = || Some(Printed { index: 1, version: 9, words: words.clone() });
        assert_eq!(served.read(CAPACITY), [never(0), written(), never(2)], "{reads:?}: {case}");
        if reads == Reads::Python && has_numpy() {
            assert_eq!(served.list("numpy", CAPACITY), [never(0), written(), never(2)], "{case}");
        }
        assert_eq!(served.ask("versions").trim_end(), "0 9 0", "{reads:?}: {case}");
        assert_eq!(served.snapshot(), [vec![0; 4], words, vec![0; 4]].concat(), "{reads:?}: {case}");
        writer.write(2, &quote(1)).unwrap();
        assert_eq!(served.ask("versions").trim_end(), "0 9 1", "{reads:?}: {case}");
        assert_eq!(served.ask("state"), "live", "{reads:?}: {case}");
    });
}

#[test]
fn tables_of_many_writers_and_with_doorbells_are_read() {
    let options = [Options::new().doorbell(true), Options::new().stamps(true), Options::new().log_entries(7)];
    for reads in Reads::ALL {
        for options in &options {
            let place = Place::new(Backend::Posix);
            let mut writer = options.create_shared::<Quote>(place.address(), CAPACITY).unwrap();
            writer.write(2, &quote(5)).unwrap();
            let Some(mut served) = reads.open("Quote", &place) else { return };
            assert_eq!(served.ask("versions").trim_end(), "0 0 1", "{reads:?}: {options:?}");
            assert_eq!(served.read(3)[2].as_ref().unwrap().words[3], 5, "{reads:?}: {options:?}");
            let _: SharedWriter<Quote> = writer;
        }
    }
}

#[test]
fn a_table_that_python_leaves_open_is_there_until_its_end() {
    if !has_tool("python3") {
        return;
    }
    let folder = folder().join("exit-python");
    generate(&fixture(), Language::Python, &folder);
    for backend in Backend::PUBLIC {
        let place = Place::new(backend);
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        writer.write(1, &quote(1)).unwrap();
        let mut command = Command::new("python3");
        command.arg("-B").arg(suite("python/exit.py")).args(["Quote", place.address()]);
        assert_eq!(run(command.env("PYTHONPATH", &folder)), "1\n", "{backend:?}");
    }
}

#[test]
fn records_with_bools_and_large_alignment_are_read() {
    let lamp = |colour, on| Lamp { colour, on };
    let lamps = [[lamp(500, true), lamp(600, false)], [lamp(700, true); 2], [lamp(0, false); 2]];
    let lights = Lights { main: true, lamps, name: *b"hall\0" };
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        let mut writer = Writer::<Lights>::create(place.address(), 2).unwrap();
        writer.write(1, &lights).unwrap();
        let Some(mut served) = reads.open("Lights", &place) else { return };
        let image = Image::of(&place);
        let bytes = image.get(image.cell_at(1, 0), size_of::<Lights>());
        let words: Vec<_> =
            bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        assert_eq!(served.read(2)[1], Some(Printed { index: 1, version: 1, words }), "{reads:?}");
    }
}

#[test]
fn after_each_store_of_a_killed_write_what_rust_reads_is_read() {
    every_case(|reads, case| {
        let place = case.place();
        let mut writer = case.options().create::<Pattern64>(place.address(), CAPACITY).unwrap();
        for version in 1..=5 {
            writer.write(1, &Pattern64::of(1, version)).unwrap();
        }
        let image = Image::of(&place);
        let reader = Reader::<Pattern64>::open(place.address()).unwrap();
        let Some(mut served) = reads.open("Pattern64", &place) else { return };
        let mut seen = Vec::new();
        for (offset, value) in image.stores_of_write(1, &Pattern64::of(1, 6).words) {
            image.set_word(offset, value);
            let expected = reader.read_versioned(1).unwrap();
            let found = served.read(2).pop().flatten().expect("whole at once");
            assert_eq!(
                (found.version, &*found.words),
                (expected.version, expected.value.words()),
                "{reads:?}: {case}"
            );
            assert_eq!(
                served.ask("versions").trim_end(),
                format!("0 {} 0", expected.version),
                "{reads:?}: {case}"
            );
            seen.push(expected.version);
        }
        assert_eq!((seen.first(), seen.last()), (Some(&5), Some(&6)), "{reads:?}: {case}");
    });
}

#[test]
fn after_each_store_of_a_killed_batch_a_snapshot_is_one_state() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::File);
        let mut writer = Writer::<Pattern64>::create(place.address(), CAPACITY).unwrap();
        for index in 0..CAPACITY {
            writer.write(index, &Pattern64::of(index, 1)).unwrap();
        }
        let image = Image::of(&place);
        let Some(mut served) = reads.open("Pattern64", &place) else { return };
        let state = |version: [u64; CAPACITY]| -> Vec<u64> {
            version
                .iter()
                .enumerate()
                .flat_map(|(index, &version)| Pattern64::of(index, version).words)
                .collect()
        };
        let (before, after) = (state([1, 1, 1]), state([2, 1, 2]));
        let batch = [0, 2].map(|index| (index as u64, Pattern64::of(index, 2).words.to_vec()));
        for (offset, value) in image.stores_of_batch(&batch) {
            image.set_word(offset, value);
            let expected = if image.word(at::COMMIT_SEQ) == 0 { &before } else { &after };
            assert_eq!(&served.snapshot(), expected, "{reads:?}");
        }
    }
}

#[test]
fn a_removed_table_says_so_and_keeps_its_values() {
    for reads in Reads::ALL {
        for &backend in reads.backends() {
            let place = Place::new(backend);
            let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(7)).unwrap();
            let Some(mut served) = reads.open("Quote", &place) else { return };
            drop(writer);
            shmrecord::remove(place.address()).unwrap();
            assert_eq!(served.ask("state"), "retired", "{reads:?}: {backend:?}");
            assert_eq!(served.read(1)[0].as_ref().unwrap().words[3], 7, "{reads:?}: {backend:?}");
        }
    }
}

#[test]
fn a_closed_reader_says_so() {
    for reads in Reads::ALL {
        let place = Place::new(Backend::Posix);
        let _writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        let Some(served) = reads.open("Quote", &place) else { return };
        // Reading, the version, a snapshot, closing again; capacity, epoch, whether it is retired.
        let expected = match reads {
            Reads::Python => "22 22 22 0 3 22 22",
            Reads::Go => "22 22 22 0 3 0 false",
        };
        assert_eq!(served.end(), expected, "{reads:?}");
    }
}

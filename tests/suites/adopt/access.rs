//! Reading, writing and updating, under every guard in every kind of segment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use integration_tests::actor;
use integration_tests::check::error_of;
use integration_tests::foreign::{BYTES, COUNT, Kind, OFFSET, Program, STRIDE};
use integration_tests::place::{Backend, Part};
use integration_tests::records::{NO_QUOTE, Quote, quote};
use shmrecord::{ErrorKind, ForeignGuard, ShmRecord};

use crate::every_program;

#[test]
fn what_is_written_is_read() {
    every_program(|program| {
        let table = program.table::<Quote>();
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        assert_eq!((writer.count(), reader.count()), (COUNT, COUNT));
        assert!(reader.iter().all(|record| record.unwrap() == NO_QUOTE));
        for index in 0..COUNT {
            writer.write(index, &quote(7)).unwrap();
            let doubled = |quote: Quote| Quote { volume: quote.volume * 2, ..quote };
            let expected = Quote { volume: 14, ..quote(7) };
            assert_eq!(writer.update(index, doubled).unwrap(), expected);
            assert_eq!((reader.read(index).unwrap(), writer.read(index).unwrap()), (expected, expected));
            let (mut one, mut other) = (NO_QUOTE, NO_QUOTE);
            reader.read_into(index, &mut one).unwrap();
            writer.read_into(index, &mut other).unwrap();
            assert_eq!((one, other), (expected, expected));
        }
        let all: Vec<_> = reader.iter().collect::<Result<_, _>>().unwrap();
        assert_eq!(all, writer.iter().collect::<Result<Vec<_>, _>>().unwrap());
        assert_eq!(all, [Quote { volume: 14, ..quote(7) }; COUNT]);
    });
}

#[test]
fn records_lie_where_the_program_has_them_and_nothing_else_is_touched() {
    every_program(|program| {
        let words = vec![u64::MAX - 1; BYTES / 8];
        program.put(0, &words);
        let mut expected = program.bytes();
        let mut writer = program.table::<Quote>().open_writer().unwrap();
        let value = Quote { symbol: *b"0123456789", price: 2.5, volume: -1 };
        for index in 0..COUNT {
            writer.write(index, &value).unwrap();
            let start = number(OFFSET) + index * number(STRIDE);
            expected[start..start + 10].copy_from_slice(&value.symbol);
            expected[start + 10..start + 16].fill(0); // padding
            expected[start + 16..start + 24].copy_from_slice(&value.price.to_le_bytes());
            expected[start + 24..start + 32].copy_from_slice(&value.volume.to_le_bytes());
        }
        let mut found = program.bytes();
        if let ForeignGuard::Seqcount { offset, bits, per_record } = program.guard() {
            for index in if per_record { 0..COUNT } else { 0..1 } {
                let start = number(offset) + index * number(STRIDE);
                let counter = &mut found[start..][..bits as usize / 8];
                assert_ne!(counter, &expected[start..][..counter.len()], "it counts the writes");
                let untouched = u64::MAX.wrapping_sub(1).to_le_bytes();
                counter.copy_from_slice(&untouched[..bits as usize / 8]);
            }
        }
        assert!(found == expected);
    });
}

#[test]
fn an_index_past_the_end_is_refused() {
    every_program(|program| {
        let (address, table) = (program.place().address(), program.table::<Quote>());
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        for index in [COUNT, usize::MAX] {
            let kind = ErrorKind::IndexOutOfRange { index: index as u64, capacity: COUNT as u64 };
            assert_eq!(error_of(reader.read(index), address), kind);
            assert_eq!(error_of(reader.read_into(index, &mut quote(1)), address), kind);
            assert_eq!(error_of(writer.read(index), address), kind);
            assert_eq!(error_of(writer.write(index, &NO_QUOTE), address), kind);
            assert_eq!(error_of(writer.update(index, |_| panic!("not called")), address), kind);
        }
    });
}

#[test]
fn bytes_that_are_no_value_are_named() {
    #[derive(ShmRecord, Clone, Copy, Debug)]
    #[repr(C)]
    struct Switches {
        number: u64,
        on: [bool; 8],
    }
    every_program(|program| {
        let (address, table) = (program.place().address(), program.table::<Switches>());
        program.put(OFFSET + STRIDE + 8, &[0x0000_0002_0001_0100]);
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        let kind = ErrorKind::InvalidBits { record: "Switches", field: "on[4]".into() };
        assert_eq!(error_of(reader.read(1), address), kind);
        let mut out = Switches { number: 7, on: [true; 8] };
        assert_eq!(error_of(reader.read_into(1, &mut out), address), kind);
        assert_eq!((out.number, out.on), (7, [true; 8]), "as it was");
        assert_eq!(error_of(writer.update(1, |switches| switches), address), kind);
        // The guard was let go of, and what is a value can be stored again.
        writer.write(1, &Switches { number: 1, on: [true; 8] }).unwrap();
        assert_eq!(reader.read(1).unwrap().on, [true; 8]);
        reader.read_into(1, &mut out).unwrap();
        assert_eq!(out.number, 1);
    });
}

#[test]
fn a_panic_in_an_update_lets_go_of_the_guard_and_stores_nothing() {
    every_program(|program| {
        let table = program.table::<Quote>().timeout(Duration::ZERO);
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        writer.write(3, &quote(1)).unwrap();
        let update = || writer.update(3, |_| panic!("in the midst"));
        catch_unwind(AssertUnwindSafe(update)).unwrap_err();
        assert_eq!(reader.read(3).unwrap(), quote(1));
        writer.write(3, &quote(2)).unwrap();
        assert_eq!(reader.read(3).unwrap(), quote(2));
    });
}

#[test]
fn updates_of_several_processes_add_up() {
    for (backend, kind) in [
        (Backend::Sysv, Kind::Sysv),
        (Backend::Posix, Kind::Posix),
        (Backend::File, Kind::Seqcount { bits: 32, per_record: false }),
        (Backend::Posix, Kind::Seqcount { bits: 64, per_record: true }),
        (Backend::Memfd, Kind::Seqcount { bits: 32, per_record: true }),
        (Backend::Memfd, Kind::Posix),
    ] {
        let program = Program::new(backend, kind);
        let times = 2000;
        let said = program.said().text();
        let mut actors = [(); 2].map(|()| actor!(for program.place(); "update", said, times));
        for actor in &mut actors {
            assert_eq!(actor.line(), "ready");
        }
        actors.iter_mut().for_each(|actor| actor.say("go"));
        for actor in &mut actors {
            assert_eq!(actor.line(), "done", "{kind:?}");
        }
        let total = program.table::<Quote>().open().unwrap().read(0).unwrap();
        assert_eq!((total.volume, total.price), (2 * times, 4000.0), "{kind:?}");
    }
}

#[test]
fn a_segment_that_its_program_removes_stays_readable_for_who_has_it() {
    every_program(|program| {
        let table = program.table::<Quote>();
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        let mode = program.place().mode(Part::Segment);
        program.place().remove(Part::Segment);
        writer.write(0, &quote(1)).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(1));
        let (facts, same) = (reader.facts().unwrap(), writer.facts().unwrap());
        assert_eq!((facts.bytes, facts.mode), (BYTES as u64, mode));
        assert_eq!(facts, same);
        let attachments = program.place().backend() == Backend::Sysv;
        assert_eq!(facts.attachments, attachments.then_some(3), "the program's, the reader's, the writer's");
        assert_eq!(error_of(table.open(), program.place().address()), ErrorKind::NotFound);
        assert_eq!(error_of(table.open_writer(), program.place().address()), ErrorKind::NotFound);
    });
}

fn number(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

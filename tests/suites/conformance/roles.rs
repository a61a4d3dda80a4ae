//! One writer at a time: take-over, epochs, and who is refused.

use integration_tests::actor;
use integration_tests::case::every_case;
use integration_tests::check::error_of;
use integration_tests::records::{Quote, quote};
use shmrecord::{ErrorKind, RawReader, Reader, Versioned, Writer};

const CAPACITY: usize = 4;

#[test]
fn a_dropped_writer_is_succeeded_in_its_process() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(address).unwrap();
        for epoch in 1..=6_u64 {
            assert_eq!((writer.epoch(), reader.epoch()), (epoch, epoch));
            assert_eq!(RawReader::open(address).unwrap().epoch(), epoch);
            let value = quote(i32::try_from(epoch).unwrap());
            writer.write(1, &value).unwrap();
            drop(writer);
            assert_eq!(reader.read(1).unwrap(), value, "a table outlives its writer");
            writer = match epoch % 2 {
                0 => case.options().create(address, CAPACITY).unwrap(),
                _ => Writer::open(address).unwrap(),
            };
            assert_eq!(writer.read_versioned(1).unwrap(), Versioned { value, version: epoch });
        }
    });
}

#[test]
fn a_second_writer_in_the_process_is_told_so() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        for _ in 0..2 {
            let second = case.options().create::<Quote>(address, CAPACITY);
            assert_eq!(error_of(second, address), ErrorKind::AlreadyHeldHere);
            assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::AlreadyHeldHere);
        }
        writer.write(0, &quote(1)).unwrap();
        assert_eq!(writer.epoch(), 1, "who was refused changed nothing");
    });
}

#[test]
fn writers_in_other_processes_succeed_and_refuse_one_another() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(address).unwrap();
        writer.write(0, &quote(1)).unwrap();

        let mut other = actor!("hold");
        other.give(&place);
        let here = format!("alive {}", std::process::id());
        assert_eq!(other.ask(&format!("open {address}")), here);
        assert_eq!(other.ask(&format!("create {address} {CAPACITY}")), here);
        drop(writer);
        assert_eq!(other.ask(&format!("create {address} {CAPACITY}")), "holds 2");
        assert_eq!(other.ask("write 0 2"), "written");
        assert_eq!(reader.read_versioned(0).unwrap(), Versioned { value: quote(2), version: 2 });

        for refused in [Writer::<Quote>::open(address), case.options().create(address, CAPACITY)] {
            let ErrorKind::WriterAlive { pid, since_unix_ns } = error_of(refused, address) else {
                panic!("another process writes");
            };
            assert_eq!(pid, Some(other.pid()));
            assert!(since_unix_ns > 1_700_000_000_000_000_000, "{since_unix_ns}");
        }
        assert_eq!(reader.epoch(), 2);
        other.end();
        let writer = Writer::<Quote>::open(address).unwrap();
        assert_eq!((writer.epoch(), writer.read_versioned(0).unwrap().value), (3, quote(2)));
    });
}

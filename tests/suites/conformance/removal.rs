//! Tables go: what is removed, what is refused, and what open handles see of it.

use std::fs;

use integration_tests::case::{every_backend, every_case, every_named_backend, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::records::{Quote, quote};
use shmrecord::{ErrorKind, RawReader, Reader, Writer, remove};

const CAPACITY: usize = 4;

#[test]
fn handles_outlive_their_table_and_know_it() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let (reader, raw) = (Reader::<Quote>::open(address).unwrap(), RawReader::open(address).unwrap());
        writer.write(0, &quote(1)).unwrap();
        let current = |writer: &Writer<Quote>| {
            (
                writer.status().unwrap().is_current(),
                reader.status().unwrap().is_current(),
                raw.status().unwrap().is_current(),
            )
        };
        assert_eq!(current(&writer), (true, true, true));
        assert_eq!(place.names(), ["", ".guard"]);

        remove(address).unwrap();
        assert_eq!(current(&writer), (false, false, false));
        assert!(place.names().is_empty());
        assert_eq!(error_of(writer.write(1, &quote(2)), address), ErrorKind::Retired, "nobody new finds it");
        assert_eq!((reader.read(0).unwrap(), reader.read(1).unwrap()), (quote(1), quote(2)));

        let mut next = case.options().create::<Quote>(address, CAPACITY).unwrap();
        next.write(0, &quote(3)).unwrap();
        assert_eq!((next.epoch(), next.status().unwrap().is_current()), (1, true));
        assert_eq!(current(&writer), (false, false, false));
        assert_eq!(reader.read(0).unwrap(), quote(1), "an old handle reads the last values of its table");
        assert_eq!(raw.read(0).unwrap().version, 1);
        assert_eq!(Reader::<Quote>::open(address).unwrap().read(0).unwrap(), quote(3));
        drop(writer);
        assert!(next.status().unwrap().is_current(), "the end of an old handle changes nothing");
    });
}

#[test]
fn what_is_not_there_is_not_found() {
    every_backend(|place| {
        let address = place.address();
        assert_eq!(error_of(remove(address), address), ErrorKind::NotFound);
        assert_eq!(error_of(Reader::<Quote>::open(address), address), ErrorKind::NotFound);
        assert_eq!(error_of(RawReader::open(address), address), ErrorKind::NotFound);
        assert_eq!(error_of(Writer::<Quote>::open(address), address), ErrorKind::NotFound);
        assert!(place.names().is_empty(), "{:?}", place.names());
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        remove(address).unwrap();
        assert_eq!(error_of(remove(address), address), ErrorKind::NotFound);
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

#[test]
fn foreign_files_are_left_alone() {
    every_named_backend(|place| {
        let address = place.address();
        for contents in
            [b"SQLite format 3\0".repeat(100), vec![0; 4096], vec![7; 639], b"short".to_vec(), vec![]]
        {
            fs::write(place.path(), &contents).unwrap();
            assert_eq!(error_of(remove(address), address), ErrorKind::BadMagic);
            assert_eq!(fs::read(place.path()).unwrap(), contents);
            assert_eq!(place.names(), [""], "no guard is made for a foreign file");
        }
    });
}

#[test]
fn damaged_tables_are_removed() {
    every_public_backend(|place| {
        let address = place.address();
        for length in [None, Some(4096), Some(640), Some(639), Some(100), Some(8)] {
            drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
            let image = Image::of(place);
            match length {
                Some(length) => image.set_length(length),
                None => image.flip(at::CHECKSUM),
            }
            assert!(Reader::<Quote>::open(address).is_err());
            remove(address).unwrap();
            assert!(place.names().is_empty(), "{length:?}: {:?}", place.names());
        }
    });
}

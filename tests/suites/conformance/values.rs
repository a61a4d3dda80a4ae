//! Values, versions and bounds: write, read, read by name.

use integration_tests::case::every_case;
use integration_tests::check::error_of;
use integration_tests::records::{NO_QUOTE, Quote, quote};
use shmrecord::{ErrorKind, RawReader, Reader, Value, Versioned};

const CAPACITY: usize = 10;

#[test]
fn what_is_written_is_read() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        assert_eq!((writer.capacity(), reader.capacity()), (CAPACITY, CAPACITY));
        for version in 1..=10 {
            for index in 0..CAPACITY {
                let value = quote(i32::try_from(index * 100).unwrap() + version);
                writer.write(index, &value).unwrap();
                let version = u64::try_from(version).unwrap();
                assert_eq!(reader.read(index).unwrap(), value);
                let mut out = NO_QUOTE;
                reader.read_into(index, &mut out).unwrap();
                assert_eq!(out, value);
                assert_eq!(reader.read_versioned(index).unwrap(), Versioned { value, version });
                assert_eq!(writer.read_versioned(index).unwrap(), Versioned { value, version });
                assert_eq!(reader.version(index).unwrap(), version);
            }
        }
        for index in 0..CAPACITY {
            assert_eq!(reader.read(index).unwrap(), quote(i32::try_from(index * 100).unwrap() + 10));
        }
    });
}

#[test]
fn what_was_never_written_reads_as_zeros_in_version_0() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(3, &quote(3)).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let raw = RawReader::open(place.address()).unwrap();
        for index in (0..CAPACITY).filter(|&index| index != 3) {
            assert_eq!(reader.read_versioned(index).unwrap(), Versioned { value: NO_QUOTE, version: 0 });
            assert_eq!((reader.version(index).unwrap(), raw.read(index).unwrap().version), (0, 0));
            assert_eq!(reader.read_since(index, 0).unwrap(), None);
        }
    });
}

#[test]
fn an_index_out_of_range_is_an_error_everywhere() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(address).unwrap();
        let raw = RawReader::open(address).unwrap();
        for index in [CAPACITY, CAPACITY + 1, 1 << 40, usize::MAX / 8, usize::MAX] {
            let expected = ErrorKind::IndexOutOfRange { index: index as u64, capacity: CAPACITY as u64 };
            assert_eq!(error_of(writer.write(index, &quote(1)), address), expected);
            assert_eq!(error_of(writer.read_versioned(index), address), expected);
            assert_eq!(error_of(reader.read(index), address), expected);
            assert_eq!(error_of(reader.read_into(index, &mut quote(1)), address), expected);
            assert_eq!(error_of(reader.read_versioned(index), address), expected);
            assert_eq!(error_of(reader.read_since(index, 0), address), expected);
            assert_eq!(error_of(reader.version(index), address), expected);
            assert_eq!(error_of(raw.read(index), address), expected);
            assert_eq!(error_of(raw.version(index), address), expected);
            assert_eq!(error_of(raw.read_bytes(index, &mut []), address), expected);
        }
    });
}

#[test]
fn read_since_gives_only_what_is_new() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let mut seen = 0;
        for number in 1..=20 {
            writer.write(0, &quote(number)).unwrap();
            let record = reader.read_since(0, seen).unwrap().expect("it was published");
            assert_eq!((record.value, record.version), (quote(number), seen + 1));
            seen = record.version;
            assert_eq!(reader.read_since(0, seen).unwrap(), None);
        }
        let future = ErrorKind::VersionRegressed { seen: seen + 1, found: seen };
        assert_eq!(error_of(reader.read_since(0, seen + 1), place.address()), future);
    });
}

#[test]
fn a_raw_reader_prints_by_field_name() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        writer.write(4, &quote(255)).unwrap();
        let raw = RawReader::open(place.address()).unwrap();
        assert_eq!(
            (raw.capacity(), raw.cells(), raw.arrangement()),
            (CAPACITY, case.cells, case.arrangement)
        );
        assert_eq!(raw.description().root().name, "Quote");
        let record = raw.read(4).unwrap();
        let expected = [
            ("symbol", Value::Text("S255".into())),
            ("price", Value::F64(127.5)),
            ("volume", Value::Signed(255)),
        ];
        assert_eq!((record.fields.as_slice(), record.version), (&expected[..], 1));
        let shown: Vec<String> =
            record.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["symbol=S255", "price=127.5", "volume=255"]);

        let mut bytes = [0xff; 32];
        assert_eq!(raw.read_bytes(4, &mut bytes).unwrap(), 1);
        assert_eq!(
            (&bytes[..4], &bytes[10..16]),
            (&b"S255"[..], &[0; 6][..]),
            "text first, padding as zeros"
        );
        assert_eq!(
            (&bytes[16..24], &bytes[24..]),
            (&127.5_f64.to_le_bytes()[..], &255_i64.to_le_bytes()[..])
        );
        let too_long = ErrorKind::BadArgument { argument: "buffer" };
        assert_eq!(error_of(raw.read_bytes(4, &mut [0; 33]), place.address()), too_long);
    });
}

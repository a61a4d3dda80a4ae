//! Many records in a row: snapshots into memory of the caller, and folds; what they refuse, and what a writer beside them does.

use std::array;
use std::thread;

use integration_tests::case::{CELLS, Case, every_case};
use integration_tests::check::error_of;
use integration_tests::image::Image;
use integration_tests::place::Backend;
use integration_tests::records::{NO_QUOTE, Pattern, Pattern8, Pattern64, Pattern256, Quote, quote};
use shmrecord::{Arrangement, ErrorKind, Reader, ShmRecord};

const CAPACITY: usize = 10;

/// The records of this range as a fold sees them, each at its place.
fn folded<T: ShmRecord>(reader: &Reader<T>, first: usize, end: usize) -> shmrecord::Result<Vec<T>> {
    let (_, records) =
        reader.fold(first..end, (first, Vec::new()), |(next, mut records), index, record| {
            assert_eq!(index, next, "in order, each once");
            records.push(record);
            (next + 1, records)
        })?;
    Ok(records)
}

#[test]
fn every_way_to_read_many_gives_the_same() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<Quote>(place.address(), CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let mut expected = [NO_QUOTE; CAPACITY];
        for number in 1..=30 {
            let index = usize::try_from(number).unwrap() * 7 % (CAPACITY - 1);
            expected[index] = quote(number);
            writer.write(index, &quote(number)).unwrap();
            for (first, end) in [(0, CAPACITY), (0, 1), (index, index + 1), (index, CAPACITY), (3, 3)] {
                let mut out = [quote(99); CAPACITY + 1];
                reader.snapshot_into(first, &mut out[1..][..end - first]).unwrap();
                assert_eq!(out[1..][..end - first], expected[first..end]);
                assert_eq!(
                    (out[0], out[CAPACITY]),
                    (quote(99), if end - first == CAPACITY { expected[9] } else { quote(99) })
                );
                assert_eq!(reader.snapshot(first..end).unwrap(), expected[first..end]);
                assert_eq!(folded(&reader, first, end).unwrap(), expected[first..end]);
            }
        }
    });
}

#[test]
fn impossible_ranges_are_refused_and_nothing_is_touched() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let _writer = case.options().create::<Quote>(address, CAPACITY).unwrap();
        let reader = Reader::<Quote>::open(address).unwrap();
        let out_of_range =
            |index: usize| ErrorKind::IndexOutOfRange { index: index as u64, capacity: CAPACITY as u64 };
        for (first, last) in
            [(0, CAPACITY), (9, 10), (10, 10), (1 << 40, 1 << 40), (usize::MAX - 1, usize::MAX - 1)]
        {
            let mut out = vec![quote(1); last - first + 1];
            assert_eq!(error_of(reader.snapshot_into(first, &mut out), address), out_of_range(last));
            assert_eq!(out, vec![quote(1); last - first + 1]);
            let fold = reader.fold(first..last + 1, (), |(), index, _| panic!("record {index}"));
            assert_eq!(error_of(fold, address), out_of_range(last));
        }
        // More records than there are indices.
        let beyond = reader.snapshot_into(usize::MAX, &mut [quote(1); 2]);
        assert!(matches!(error_of(beyond, address), ErrorKind::IndexOutOfRange { .. }));
        reader.snapshot_into(CAPACITY, &mut []).unwrap();
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
        let backwards = reader.fold(3..2, (), |(), _, _| ());
        assert_eq!(error_of(backwards, address), ErrorKind::BadArgument { argument: "range" });
    });
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Door {
    number: u32,
    is_open: bool,
}

#[test]
fn a_record_that_is_no_value_ends_both() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let door = |number| Door { number, is_open: number % 2 == 0 };
        let mut writer = case.options().create::<Door>(address, CAPACITY).unwrap();
        for (index, number) in (0..CAPACITY).zip(10..) {
            writer.write(index, &door(number)).unwrap();
        }
        let reader = Reader::<Door>::open(address).unwrap();
        let all: [_; CAPACITY] = array::from_fn(|index| door(10 + u32::try_from(index).unwrap()));
        let mut out = [door(0); CAPACITY];
        reader.snapshot_into(0, &mut out).unwrap();
        assert_eq!((out, folded(&reader, 0, CAPACITY).unwrap()), (all, all.to_vec()));

        let image = Image::of(&place);
        // Where its first write put it.
        let cell = image.cell_at(4, u64::from(case.cells > 1));
        image.put(cell + 4, &[2]);
        let invalid = ErrorKind::InvalidBits { record: "Door", field: "is_open".into() };
        let mut seen = 0;
        let fold = reader.fold(0..CAPACITY, (), |(), _, _| seen += 1);
        assert_eq!((error_of(fold, address), seen), (invalid.clone(), 4));
        assert_eq!(error_of(reader.snapshot_into(0, &mut out), address), invalid);
        reader.snapshot_into(5, &mut out[..5]).unwrap();
        assert_eq!(out[..5], all[5..]);
    });
}

#[test]
fn beside_a_writer_that_does_not_pause_every_record_is_whole() {
    for cells in CELLS {
        for arrangement in Arrangement::ALL {
            let case = Case { backend: Backend::Posix, cells, arrangement };
            beside_a_writer::<Pattern8>(&case);
            beside_a_writer::<Pattern64>(&case);
            beside_a_writer::<Pattern256>(&case);
        }
    }
}

fn beside_a_writer<P: Pattern + Send>(case: &Case) {
    let place = case.place();
    let mut writer = case.options().create::<P>(place.address(), CAPACITY).unwrap();
    let reader = Reader::<P>::open(place.address()).unwrap();
    let writing = thread::spawn(move || {
        for version in 1..=2000 {
            (0..CAPACITY).for_each(|index| writer.write(index, &P::of(index, version)).unwrap());
        }
    });
    // The first word of a pattern is another one in each version.
    let version_of = |index: usize, record: &P, from: u64| {
        (from..=2000).find(|&version| P::of(index, version) == *record).unwrap_or_else(|| {
            panic!("{case}, record {index}: torn, or of a version before {from}: {record:?}")
        })
    };
    let mut seen = [0; CAPACITY];
    let mut out = [P::of(0, 0); CAPACITY];
    loop {
        let is_last = writing.is_finished();
        reader.snapshot_into(0, &mut out).unwrap();
        for (index, (record, seen)) in out.iter().zip(&mut seen).enumerate() {
            *seen = version_of(index, record, *seen);
        }
        let whole = reader.fold(0..CAPACITY, 0, |whole, index, record| {
            seen[index] = version_of(index, &record, seen[index]);
            whole + 1
        });
        assert_eq!(whole.unwrap(), CAPACITY);
        if is_last {
            break;
        }
    }
    assert_eq!(seen, [2000; CAPACITY], "{case}");
    writing.join().unwrap();
}

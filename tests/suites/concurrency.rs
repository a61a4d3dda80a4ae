//! One writer and two readers at full speed in one process: no read is torn, no version goes back. Relies on the public
//! API; bounded by the number of writes.

use std::thread;

use integration_tests::case::{CELLS, Case};
use integration_tests::place::Backend;
use integration_tests::records::{Pattern, Pattern8, Pattern64, Pattern256, Pattern4096};
use shmrecord::{Arrangement, Reader};

const CAPACITY: usize = 3;

#[test]
fn records_of_8_bytes_are_never_torn() {
    in_every_shape::<Pattern8>(5000);
}

#[test]
fn records_of_64_bytes_are_never_torn() {
    in_every_shape::<Pattern64>(5000);
}

#[test]
fn records_of_256_bytes_are_never_torn() {
    in_every_shape::<Pattern256>(3000);
}

#[test]
fn records_of_4096_bytes_are_never_torn() {
    in_every_shape::<Pattern4096>(500);
}

fn in_every_shape<P: Pattern + Send>(writes: u64) {
    for cells in CELLS {
        for arrangement in Arrangement::ALL {
            stress::<P>(&Case { backend: Backend::Posix, cells, arrangement }, writes);
        }
    }
}

fn stress<P: Pattern + Send>(case: &Case, writes: u64) {
    let place = case.place();
    let mut writer = case.options().create::<P>(place.address(), CAPACITY).unwrap();
    let mapped_once = Reader::<P>::open(place.address()).unwrap();
    let mapped_again = Reader::<P>::open(place.address()).unwrap();
    let writing = thread::spawn(move || {
        for version in 1..=writes {
            for index in 0..CAPACITY {
                writer.write(index, &P::of(index, version)).unwrap();
            }
        }
    });
    thread::scope(|scope| {
        for reader in [&mapped_once, &mapped_again] {
            scope.spawn(|| {
                let mut seen = [0; CAPACITY];
                while !writing.is_finished() {
                    read_all(reader, &mut seen, case);
                }
                read_all(reader, &mut seen, case);
                assert_eq!(seen, [writes; CAPACITY], "{case}");
            });
        }
    });
    writing.join().unwrap();
}

fn read_all<P: Pattern>(reader: &Reader<P>, seen: &mut [u64; CAPACITY], case: &Case) {
    for (index, seen) in seen.iter_mut().enumerate() {
        let record = reader.read_versioned(index).unwrap();
        assert_eq!(record.value, P::of(index, record.version), "{case}, record {index}: torn");
        assert!(record.version >= *seen, "{case}, record {index}: {} after {seen}", record.version);
        *seen = record.version;
        // The same without a version: of some write between those that are seen before and after it.
        let mut whole = record.value;
        reader.read_into(index, &mut whole).unwrap();
        let last = reader.version(index).unwrap();
        let is_one = (record.version..=last).any(|version| whole == P::of(index, version));
        assert!(is_one, "{case}, record {index}: torn between {} and {last}", record.version);
    }
}

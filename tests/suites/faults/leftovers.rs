//! What dead processes leave beside a segment: guards of another mode, retired tables without their guard.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use shmrecord::{Options, Reader, Writer};

const CAPACITY: usize = 4;
const RETIRED: u64 = 2;

#[test]
fn a_guard_that_was_left_gets_the_mode_of_the_new_table() {
    for place in [Backend::Posix, Backend::File].map(Place::new) {
        for (left, mode, expected) in [(0o660, 0o644, 0o600), (0o600, 0o660, 0o660), (0o600, 0o640, 0o600)] {
            let guard = File::create_new(place.guard()).unwrap();
            guard.set_permissions(Permissions::from_mode(left)).unwrap();
            drop(Options::new().mode(mode).create::<Quote>(place.address(), CAPACITY).unwrap());
            let found = fs::metadata(place.guard()).unwrap().permissions().mode() & 0o7777;
            assert_eq!(found, expected, "{left:o} left for a table of {mode:o}: {found:o}");
            shmrecord::remove(place.address()).unwrap();
        }
    }
}

#[test]
fn a_half_removed_table_gives_way_when_its_guard_is_lost_too() {
    for place in [Backend::Posix, Backend::File].map(Place::new) {
        for is_replaced in [false, true] {
            let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
            writer.write(0, &quote(1)).unwrap();
            drop(writer);
            Image::of(&place).set_word(at::STATE, RETIRED);
            fs::remove_file(place.guard()).unwrap();
            if is_replaced {
                File::create_new(place.guard()).unwrap();
            }
            assert_eq!(Writer::<Quote>::create(place.address(), CAPACITY).unwrap().epoch(), 1);
            assert_eq!(Reader::<Quote>::open(place.address()).unwrap().version(0).unwrap(), 0);
            assert_eq!(place.names(), ["", ".guard"]);
            shmrecord::remove(place.address()).unwrap();
        }
    }
}

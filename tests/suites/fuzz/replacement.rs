//! What has a table's name when the table is to be replaced: however damaged, it gives way if it is one of ours, and stays if
//! it is not. What is carried over is whole, and the same in both languages.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use integration_tests::every::Every;
use integration_tests::place::{Backend, Place};
use shmrecord::{Arrangement, Reader};

use crate::run;
use crate::segments::say_records;
use crate::table::{Table, impatient, spoilt};
use crate::twin::{self, Twin, same, words};

/// Records of the new table.
const CAPACITY: usize = 4;
/// How long a record that cannot be read is tried.
const PATIENCE: Duration = Duration::from_millis(20);

#[test]
fn whatever_is_ours_gives_way_and_what_is_whole_is_kept() {
    let name = "replacement::whatever_is_ours_gives_way_and_what_is_whole_is_kept";
    run::inputs(name, 1000, twin::program, |program| {
        let mut twin = Twin::start(program);
        let tables = [1, 4].map(|cells| Table::new(cells, Arrangement::Split));
        let place = Place::new(Backend::Posix);
        move |random| {
            let which = random.below(tables.len());
            let mut bytes = spoilt(random, &tables[which]);
            if random.below(8) == 0 {
                bytes.truncate([0, 1, 7, 8, 9, 255, 256, 639, 640][random.below(9)]);
            }
            input(&place, &bytes, [1, 2, 8][random.below(3)], twin.as_mut());
        }
    });
}

fn input(place: &Place, bytes: &[u8], cells: u32, twin: Option<&mut Twin>) {
    let rust = replaced(place, bytes, |address| {
        let options = impatient().timeout(PATIENCE).cells(cells);
        let writer = options.replace::<Every>(address, CAPACITY);
        let mut said = words(&writer);
        if writer.is_ok() {
            let reader = Reader::<Every>::open(address).expect("a new table");
            say_records(&mut said, reader.capacity(), |index| reader.read_versioned(index));
        }
        said
    });
    assert_eq!(rust.starts_with("ok"), bytes.starts_with(b"SHMRECRD"), "{rust}");
    if let Some(twin) = twin {
        let c = replaced(place, bytes, |address| {
            twin.say(&format!("replace {cells} {address}"), &[]);
            twin.answer()
        });
        same(&c, &rust);
    }
}

/// What is said of replacing these bytes; what stays is as it was.
fn replaced(place: &Place, bytes: &[u8], replace: impl FnOnce(&str) -> String) -> String {
    fs::write(place.path(), bytes).expect("room for a file");
    fs::set_permissions(place.path(), Permissions::from_mode(0o600)).expect("an own file");
    let said = replace(place.address());
    if !said.starts_with("ok") {
        assert!(fs::read(place.path()).expect("it is there") == bytes, "{said}: what stays was changed");
    }
    for path in [place.path().to_owned(), place.guard()] {
        // A guard is there only beside a new table.
        let _ = fs::remove_file(path);
    }
    said
}

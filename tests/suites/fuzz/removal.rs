//! What has a table's name when the table is to be removed: however damaged, it goes if it is one of ours, and stays if it
//! is not. Both languages agree on which it is.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use integration_tests::place::{Backend, Place};
use shmrecord::Arrangement;

use crate::random::Random;
use crate::run;
use crate::table::{Table, impatient, spoilt};
use crate::twin::{self, Twin, same, words};

#[test]
fn only_what_is_ours_is_removed() {
    run::inputs("removal::only_what_is_ours_is_removed", 3000, twin::program, |program| {
        let mut twin = Twin::start(program);
        let table = Table::new(1, Arrangement::Split);
        let place = Place::new(Backend::Posix);
        move |random| {
            let mut bytes = spoilt(random, &table);
            if random.below(4) == 0 {
                bytes.truncate([0, 1, 7, 8, 9, 255, 256, 639, 640][random.below(9)]);
            }
            input(random, &place, &bytes, twin.as_mut());
        }
    });
}

fn input(random: &mut Random, place: &Place, bytes: &[u8], twin: Option<&mut Twin>) {
    let has_guard = random.below(2) == 0;
    let rust = removed(place, bytes, has_guard, |address| words(&impatient().remove(address)));
    let is_ours = bytes.starts_with(b"SHMRECRD");
    assert_eq!(rust.0 == "ok", is_ours, "{}", rust.0);
    if let Some(twin) = twin {
        let c = removed(place, bytes, has_guard, |address| {
            twin.say(&format!("remove {address}"), &[]);
            twin.answer()
        });
        same(&c.0, &rust.0);
        assert_eq!(c.1, rust.1, "{}", rust.0);
    }
}

/// What is said of removing these bytes, and the names that are left; what stays is as it was.
fn removed(
    place: &Place,
    bytes: &[u8],
    has_guard: bool,
    remove: impl FnOnce(&str) -> String,
) -> (String, Vec<String>) {
    fs::write(place.path(), bytes).expect("room for a file");
    fs::set_permissions(place.path(), Permissions::from_mode(0o600)).expect("an own file");
    if has_guard {
        drop(File::create(place.guard()).expect("room for a file"));
    }
    // Facts of a file name its inode, which is another one each time.
    let said = remove(place.address());
    let names = place.names();
    if names.first().is_some_and(String::is_empty) {
        assert!(fs::read(place.path()).expect("it is there") == bytes, "{said}: what stays was changed");
    }
    for path in [place.path().to_owned(), place.guard()] {
        // Whatever was removed is gone already.
        let _ = fs::remove_file(path);
    }
    (said, names)
}

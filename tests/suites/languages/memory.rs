//! Memory as asked for: tables that one language makes sparse the other reads, and what is refused has the same words.

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use shmrecord::{Need, Options, Reader, Writer, remove};

use crate::errors::{CAPACITY, ask, words};
use crate::every::{Every, every, line};
use crate::tools::actors;

/// Records of a table of more than 4 GiB.
const MANY: usize = (4 << 30) / size_of::<Every>();

#[test]
fn a_sparse_table_is_one_for_the_other_language() {
    for program in actors() {
        let mut actor = Actor::start(program, &["hold"]);
        for place in Backend::ALL.map(Place::new) {
            let address = place.address();
            let reads = |actor: &mut Actor, index| actor.ask(&format!("read {index}"));
            assert_eq!(actor.ask(&format!("with s {address} {MANY}")), "holds 1");
            assert_eq!(actor.ask(&format!("write {} 7", MANY - 1)), "written");
            actor.take(&place);
            let reader = Reader::<Every>::open(address).unwrap();
            assert_eq!(reader.read_versioned(MANY - 1).unwrap().version, 1);
            assert_eq!(actor.ask("drop"), "dropped");
            let mut writer = Writer::<Every>::open(address).unwrap();
            writer.write(MANY / 2, &every(8)).unwrap();
            assert_eq!(actor.ask(&format!("attach {address}")), format!("sees {MANY}"));
            assert_eq!(reads(&mut actor, MANY / 2), line(reader.read_versioned(MANY / 2).unwrap()));
            assert!(reads(&mut actor, MANY / 3).starts_with("0 "));
            assert!(place.taken_bytes() < 2 << 20, "{} bytes", place.taken_bytes());
            assert_eq!(actor.ask("drop"), "dropped");
            drop(writer);
            remove(address).unwrap();
        }
    }
}

#[test]
fn what_is_refused_has_the_same_words() {
    let Some(program) = actors().pop() else {
        return;
    };
    let mut actor = Actor::start(program, &["hold"]);
    for place in Backend::ALL.map(Place::new) {
        let address = place.address();
        // What C makes of a memfd only C has.
        let clear = |actor: &mut Actor| {
            let _ = remove(address);
            if place.backend() == Backend::Memfd {
                actor.ask(&format!("forget {address}"));
            }
        };
        let huge = Options::new().huge_pages(Need::Require);
        for (letters, options) in [
            ("h", huge.clone()),
            ("hs", huge.clone().sparse(true)),
            ("hl", huge.clone().lock_memory(Need::Require)),
            ("g", Options::new().group(u32::MAX)),
            ("b", Options::new().any_boot(true)),
        ] {
            let create = format!("with {letters} {address} {CAPACITY}");
            let expected = words(&options.create::<Every>(address, CAPACITY));
            clear(&mut actor);
            assert_eq!(ask(&mut actor, &create), expected);
            clear(&mut actor);
        }
        let huge_sparse = words(&huge.clone().sparse(true).create::<Every>(address, MANY));
        assert!(huge_sparse.starts_with("38 "), "{huge_sparse}");
        assert_eq!(ask(&mut actor, &format!("with hs {address} {MANY}")), huge_sparse);

        let writer = Writer::<Every>::create(address, CAPACITY).unwrap();
        let synced = words(&writer.sync());
        drop(writer);
        actor.give(&place);
        assert_eq!(actor.ask(&format!("open {address}")), "holds 2");
        assert_eq!(actor.ask("sync").replace("synced", "ok"), synced);
        assert_eq!(actor.ask("drop"), "dropped");
        assert_eq!(ask(&mut actor, &format!("with h {address}")), words(&huge.open::<Every>(address)));
        Image::of(&place).forge(at::BOOT_ID, &[0xa5; 16]);
        assert_eq!(ask(&mut actor, &format!("with b {address}")), "ok");
        let create = format!("with b {address} {CAPACITY}");
        let boots = Options::new().any_boot(true);
        assert_eq!(ask(&mut actor, &create), words(&boots.create::<Every>(address, CAPACITY)));
        drop(boots.open::<Every>(address).unwrap());
    }
}

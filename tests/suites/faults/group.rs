//! The group of segment and guard: exact, or refused with nothing left.

use integration_tests::alone::Alone;
use integration_tests::case::every_backend;
use integration_tests::check::{error_of, is_root, skip};
use integration_tests::place::{Backend, Part};
use integration_tests::records::Quote;
use shmrecord::{ErrorKind, Options, Writer, remove};

const CAPACITY: usize = 4;
/// A group of nobody's.
const GROUP: u32 = 23_456;

#[test]
fn segment_and_guard_have_the_group_and_the_mode_that_were_asked_for() {
    if !is_root() {
        return skip("only root can give any group");
    }
    every_backend(|place| {
        let address = place.address();
        for (mode, guard) in [(0o660, 0o660), (0o640, 0o600), (0o600, 0o600)] {
            drop(Options::new().mode(mode).group(GROUP).create::<Quote>(address, CAPACITY).unwrap());
            for (part, mode) in [(Part::Segment, mode), (Part::Guard, guard)] {
                assert_eq!((place.group(part), place.mode(part)), (GROUP, mode), "{part:?}");
            }
            remove(address).unwrap();
        }
        drop(Writer::<Quote>::create(address, CAPACITY).unwrap());
        let unasked = (place.group(Part::Segment), place.group(Part::Guard));
        remove(address).unwrap();

        // A guard that a creator left is given the group too. Nobody leaves one of a memfd.
        if place.backend() != Backend::Memfd {
            place.make_guard();
        }
        drop(Options::new().mode(0o660).group(GROUP).create::<Quote>(address, CAPACITY).unwrap());
        assert_eq!((place.group(Part::Guard), place.mode(Part::Guard)), (GROUP, 0o660));
        assert!(unasked.0 != GROUP && unasked.1 != GROUP, "{unasked:?}");
    });
}

#[test]
fn a_group_that_may_not_be_given_leaves_nothing() {
    Alone::new("group::a_group_that_may_not_be_given_leaves_nothing").nobody().run(|| {
        every_backend(|place| {
            if place.backend() == Backend::Sysv {
                return; // where any group may be given
            }
            let result = Options::new().group(GROUP).create::<Quote>(place.address(), CAPACITY);
            let error = result.as_ref().unwrap_err();
            assert_eq!((error.raw_os_error(), error.found()), (Some(libc::EPERM), "fchown"));
            assert_eq!(error_of(result, place.address()), ErrorKind::PermissionDenied);
            assert!(place.names().is_empty(), "{:?}", place.names());
        });
    });
}

#[test]
fn what_is_no_group_is_refused() {
    every_backend(|place| {
        let result = Options::new().group(u32::MAX).create::<Quote>(place.address(), CAPACITY);
        assert_eq!(error_of(result, place.address()), ErrorKind::BadArgument { argument: "group" });
        assert!(place.names().is_empty(), "{:?}", place.names());
    });
}

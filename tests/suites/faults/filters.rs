//! Filters of system calls, as containers have them: what is forbidden is named, what is interrupted goes on.

use integration_tests::alone::Alone;
use integration_tests::case::every_named_backend;
use integration_tests::check::error_of;
use integration_tests::filter::{Which, forbid};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use shmrecord::{ErrorKind, Options, Reader, Writer};

const CAPACITY: usize = 4;

#[test]
fn a_memfd_that_is_not_permitted_is_not_supported() {
    without_memfds("filters::a_memfd_that_is_not_permitted_is_not_supported", libc::EPERM);
}

#[test]
fn a_memfd_that_is_not_there_is_not_supported() {
    without_memfds("filters::a_memfd_that_is_not_there_is_not_supported", libc::ENOSYS);
}

fn without_memfds(test: &str, errno: i32) {
    Alone::new(test).run(|| {
        forbid(libc::SYS_memfd_create, Which::All, errno);
        let place = Place::new(Backend::Memfd);
        let refused = Writer::<Quote>::create(place.address(), CAPACITY);
        let unsupported = ErrorKind::Unsupported { what: "memfd_create" };
        assert_eq!(error_of(refused, place.address()), unsupported);
        let place = Place::new(Backend::Posix);
        drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
    });
}

#[test]
fn pages_that_an_older_kernel_does_not_map_at_once_are_an_error() {
    const MADV_POPULATE_READ: i32 = 22;
    const MADV_POPULATE_WRITE: i32 = 23;
    let test = "filters::pages_that_an_older_kernel_does_not_map_at_once_are_an_error";
    Alone::new(test).run(|| {
        let place = Place::new(Backend::Posix);
        drop(Writer::<Quote>::create(place.address(), CAPACITY).unwrap());
        let prefaulted = Options::new().prefault(true);
        for (advice, words) in [
            (MADV_POPULATE_READ, "madvise(MADV_POPULATE_READ)"),
            (MADV_POPULATE_WRITE, "madvise(MADV_POPULATE_WRITE)"),
        ] {
            forbid(libc::SYS_madvise, Which::Argument(2, advice), libc::EINVAL);
            let error = match advice {
                MADV_POPULATE_READ => prefaulted.open::<Quote>(place.address()).unwrap_err(),
                _ => prefaulted.open_writer::<Quote>(place.address()).unwrap_err(),
            };
            assert_eq!(*error.kind(), ErrorKind::Os);
            assert_eq!((error.raw_os_error(), error.found()), (Some(libc::EINVAL), words));
        }
        assert_eq!(place.mapped_bytes("Size:"), 0, "nothing stays mapped");
        assert_eq!(Reader::<Quote>::open(place.address()).unwrap().epoch(), 1);
    });
}

#[test]
fn locks_that_are_not_permitted_are_not_supported_and_not_needed_to_read() {
    without_locks(
        "filters::locks_that_are_not_permitted_are_not_supported_and_not_needed_to_read",
        libc::EPERM,
    );
}

#[test]
fn locks_that_are_not_there_are_not_supported_and_not_needed_to_read() {
    without_locks("filters::locks_that_are_not_there_are_not_supported_and_not_needed_to_read", libc::EINVAL);
}

fn without_locks(test: &str, errno: i32) {
    Alone::new(test).run(|| {
        let place = Place::new(Backend::Posix);
        let mut writer = Writer::<Quote>::create(place.address(), CAPACITY).unwrap();
        writer.write(0, &quote(1)).unwrap();
        drop(writer);
        forbid(libc::SYS_fcntl, Which::Argument(1, libc::F_OFD_SETLK), errno);
        assert_eq!(Reader::<Quote>::open(place.address()).unwrap().read(0).unwrap(), quote(1));
        let unsupported = ErrorKind::Unsupported { what: "locking by open file description" };
        let other = Place::new(Backend::Posix);
        for (result, place) in [
            (Writer::<Quote>::open(place.address()), &place),
            (Writer::<Quote>::create(place.address(), CAPACITY), &place),
            (Writer::<Quote>::create(other.address(), CAPACITY), &other),
        ] {
            assert_eq!(error_of(result, place.address()), unsupported);
        }
        // A guard that could not be locked stays.
        assert_eq!(other.names(), [".guard"]);
    });
}

#[test]
fn space_is_reserved_in_pieces_where_signals_take_larger_ones_back() {
    // As beside a timer on Linux before 6.12, where a signal ends `fallocate` on tmpfs.
    Alone::new("filters::space_is_reserved_in_pieces_where_signals_take_larger_ones_back").run(|| {
        forbid(libc::SYS_fallocate, Which::Above(1 << 20), libc::EINTR);
        let capacity = (16 << 20) / size_of::<Pattern4096>();
        every_named_backend(|place| {
            let mut writer = Writer::<Pattern4096>::create(place.address(), capacity).unwrap();
            writer.write(capacity - 1, &Pattern4096::of(capacity - 1, 1)).unwrap();
            assert!(place.taken_bytes() >= 16 << 20);
        });
    });
}

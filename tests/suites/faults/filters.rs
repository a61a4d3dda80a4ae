//! Filters of system calls, as containers have them: what is forbidden is named, what is interrupted goes on.

#![expect(unsafe_code, reason = "prctl, which installs the filter")]

use std::io;

use integration_tests::alone::Alone;
use integration_tests::case::every_named_backend;
use integration_tests::check::error_of;
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Pattern, Pattern4096, Quote, quote};
use shmrecord::{ErrorKind, Reader, Writer};

const CAPACITY: usize = 4;

/// Which calls are forbidden.
#[derive(Clone, Copy)]
enum Which {
    All,
    /// Those whose second argument is this.
    Command(i32),
    /// Those whose fourth argument is above this, which is below 2^32.
    Above(u32),
}

/// `prctl(PR_SET_SECCOMP)`: from now on these calls of this process fail with that errno, and nothing else.
fn forbid(call: i64, which: Which, errno: i32) {
    let step = |code: u32, k: u32, on: u8, off: u8| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: on,
        jf: off,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let above = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
    let end = libc::BPF_RET | libc::BPF_K;
    let number = u32::try_from(call).unwrap();
    // struct seccomp_data: the number at 0, the arguments from 16 on. For all the number is looked at twice.
    let (at, test, wanted) = match which {
        Which::All => (0, equal, number),
        Which::Command(command) => (24, equal, command.cast_unsigned()),
        Which::Above(limit) => (40, above, limit),
    };
    let mut program = [
        step(load, 0, 0, 0),
        step(equal, number, 0, 3),
        step(load, at, 0, 0),
        step(test, wanted, 0, 1),
        step(end, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap(), 0, 0),
        step(end, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let filter = libc::sock_fprog { len: 6, filter: program.as_mut_ptr() };
    // SAFETY: no memory is involved.
    let alone = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(alone, 0, "{}", io::Error::last_os_error());
    // SAFETY: the filter and its program of six steps live across the call, which copies them.
    let installed =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) };
    assert_eq!(installed, 0, "{}", io::Error::last_os_error());
}

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
        forbid(libc::SYS_fcntl, Which::Command(libc::F_OFD_SETLK), errno);
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

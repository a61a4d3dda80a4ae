//! POSIX semaphores: a `sem_t` in the file where `sem_open(3)` of glibc keeps it. Relies on `region::named` for files and
//! on glibc for the `sem_t`; knows no address.
//!
//! The file is opened, made and named here and not by `sem_open`, because that follows the umask, creates with a visible
//! temporary name that a kill leaves behind, and says nothing of what it opened. Here the file that was checked is the one
//! that is mapped, and a new one has its name only when it is whole and has its mode. For the `sem_t` itself this makes no
//! difference: `sem_open` writes what `sem_init` writes, which a test compares.

#![expect(unsafe_code, reason = "mmap of a sem_t, and the calls that work on it")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::NonNull;
use std::time::Duration;

use libc::{c_int, clockid_t, sem_t, timespec};

use super::address::DIRECTORY;
use super::options::{Terms, Wish};
use crate::error::{At, Error, ErrorKind, Result};
use crate::region::map::Access;
use crate::region::{Identity, Rights, Trust, named};

/// The largest value (`SEM_VALUE_MAX` of glibc, `limits.h`).
const VALUE_MAX: u32 = i32::MAX.cast_unsigned();
const BYTES: usize = size_of::<sem_t>();

unsafe extern "C" {
    /// `sem_timedwait(3)` by a clock of choice; glibc 2.30.
    fn sem_clockwait(semaphore: *mut sem_t, clock: clockid_t, end: *const timespec) -> c_int;
}

/// A mapped semaphore, unmapped on drop. Child processes inherit it, as they do from `sem_open`.
#[derive(Debug)]
pub(super) struct Mapped {
    semaphore: NonNull<sem_t>,
}

// SAFETY: a sem_t in shared memory is made to be used from any thread of any process; this handle gives it to nothing but
// the functions for that, which are MT-Safe (sem_wait(3), sem_post(3), sem_getvalue(3)), and unmaps it once, by its owner.
unsafe impl Send for Mapped {}
// SAFETY: as for Send; no reference into the mapping is ever made.
unsafe impl Sync for Mapped {}

/// Opens or creates the semaphore in the file at `path`.
pub(super) fn enter(at: &At<'_>, path: &Path, wish: Wish, mut terms: Terms) -> Result<Mapped> {
    if terms.undo {
        let why = "POSIX semaphores cannot undo, those of System V can";
        return Err(at.error(ErrorKind::BadArgument { argument: "undo" }).detail(why));
    }
    let open = || existing(at, path, &terms.trust);
    match wish.checked(at, VALUE_MAX)? {
        Wish::Open => open(),
        Wish::Create { initial } => {
            create(at, path, initial, terms.mode)?.ok_or_else(|| at.error(ErrorKind::AlreadyExists))
        }
        Wish::OpenOrCreate { initial } => loop {
            match open() {
                Err(error) if *error.kind() == ErrorKind::NotFound => {}
                result => return result,
            }
            if let Some(semaphore) = create(at, path, initial, terms.mode)? {
                return Ok(semaphore);
            }
            if !terms.deadline.pause() {
                return Err(at.error(ErrorKind::Retired));
            }
        },
    }
}

/// Opens the semaphore in the file at `path`.
pub(super) fn existing(at: &At<'_>, path: &Path, trust: &Trust) -> Result<Mapped> {
    let (file, _) = open(at, path, trust)?;
    Mapped::new(at, &file)
}

/// Opens the file of a semaphore, having checked what it is and whose.
fn open(at: &At<'_>, path: &Path, trust: &Trust) -> Result<(File, Identity)> {
    let (file, identity, size) = named::open(at, path, Access::Write, trust)?;
    if size != BYTES as u64 {
        let kind = ErrorKind::SizeMismatch { header: BYTES as u64, actual: size };
        return Err(at.error(kind).detail(format!("{} is no semaphore", path.display())));
    }
    Ok((file, identity))
}

/// Makes a semaphore and gives it its name. `None`: the name is taken.
fn create(at: &At<'_>, path: &Path, initial: u32, mode: u32) -> Result<Option<Mapped>> {
    let (bytes, rights) = (BYTES as u64, Rights { mode, group: None });
    let file = named::unnamed(at, Path::new(DIRECTORY), rights, bytes)?;
    named::reserve(at, &file, bytes, bytes)?;
    let mapped = Mapped::new(at, &file)?;
    // SAFETY: the mapping has the size and alignment of a sem_t, and nobody else can know it yet.
    let result = unsafe { libc::sem_init(mapped.semaphore.as_ptr(), 1, initial) };
    if result != 0 {
        return Err(at.os("sem_init", &io::Error::last_os_error()));
    }
    Ok(named::publish(at, &file, path)?.then_some(mapped))
}

/// `unlink(2)` of a semaphore's name. Without a lock on names, one that is unlinked and created anew by others between
/// check and call goes too, as with `sem_unlink(3)`.
pub(super) fn unlink(at: &At<'_>, path: &Path, trust: &Trust) -> Result<()> {
    let (_, identity) = open(at, path, trust)?;
    named::unlink(at, path, identity)
}

impl Mapped {
    /// `mmap(2)` of a file that is as long as a `sem_t`.
    fn new(at: &At<'_>, file: &File) -> Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody; the descriptor is open
        // for as long as `file` is borrowed.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), BYTES, protection, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        match NonNull::new(base.cast()) {
            Some(semaphore) if base != libc::MAP_FAILED => Ok(Self { semaphore }),
            _ => Err(named::no_space(at, "mmap", BYTES as u64, &io::Error::last_os_error())),
        }
    }

    /// `sem_wait(3)`
    #[inline]
    pub(super) fn wait(&self, at: &At<'_>) -> Result<()> {
        // SAFETY: the mapping holds a sem_t, whole since before it had a name, and lives as long as `self` is borrowed.
        while unsafe { libc::sem_wait(self.semaphore.as_ptr()) } != 0 {
            not_interrupted(at)?;
        }
        Ok(())
    }

    /// `sem_clockwait(3)` on the monotonic clock.
    pub(super) fn wait_timeout(&self, at: &At<'_>, timeout: Duration) -> Result<bool> {
        let Some(end) = monotonic_after(timeout) else {
            return self.wait(at).map(|()| true);
        };
        loop {
            // SAFETY: as in `wait`; `end` lives across the call.
            let result =
                unsafe { sem_clockwait(self.semaphore.as_ptr(), libc::CLOCK_MONOTONIC, &raw const end) };
            if result == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::ETIMEDOUT) => return Ok(false),
                _ => return Err(at.os("sem_clockwait", &error)),
            }
        }
    }

    /// `sem_trywait(3)`
    #[inline]
    pub(super) fn try_wait(&self, at: &At<'_>) -> Result<bool> {
        loop {
            // SAFETY: as in `wait`.
            if unsafe { libc::sem_trywait(self.semaphore.as_ptr()) } == 0 {
                return Ok(true);
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EAGAIN) => return Ok(false),
                _ => return Err(at.os("sem_trywait", &error)),
            }
        }
    }

    /// `sem_post(3)`
    #[inline]
    pub(super) fn post(&self, at: &At<'_>) -> Result<()> {
        // SAFETY: as in `wait`.
        if unsafe { libc::sem_post(self.semaphore.as_ptr()) } == 0 { Ok(()) } else { Err(not_posted(at)) }
    }

    /// `sem_getvalue(3)`
    pub(super) fn value(&self, at: &At<'_>) -> Result<u32> {
        let mut value = 0;
        // SAFETY: as in `wait`; `value` is an int that lives across the call.
        if unsafe { libc::sem_getvalue(self.semaphore.as_ptr(), &raw mut value) } != 0 {
            return Err(at.os("sem_getvalue", &io::Error::last_os_error()));
        }
        Ok(value.cast_unsigned())
    }
}

/// Why `sem_wait` ended without one, unless it was a signal.
#[cold]
fn not_interrupted(at: &At<'_>) -> Result<()> {
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::EINTR) => Ok(()),
        error => Err(at.os("sem_wait", &error)),
    }
}

/// Why `sem_post` failed.
#[cold]
fn not_posted(at: &At<'_>) -> Error {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(errno @ libc::EOVERFLOW) => {
            at.error(ErrorKind::Overflow { limit: VALUE_MAX }).detail("sem_post").errno(errno)
        }
        _ => at.os("sem_post", &error),
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // A kernel without memory of its own may refuse; then the mapping stays until the process ends.
        // SAFETY: the mapping is this value's own, and no call on it outlives the value.
        unsafe { libc::munmap(self.semaphore.as_ptr().cast(), BYTES) };
    }
}

/// The monotonic clock's time after this; `None` past what it can count.
fn monotonic_after(timeout: Duration) -> Option<timespec> {
    let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec that lives across the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let nanoseconds = now.tv_nsec + i64::from(timeout.subsec_nanos());
    let seconds = i64::try_from(timeout.as_secs()).ok()?;
    Some(timespec {
        tv_sec: now.tv_sec.checked_add(seconds)?.checked_add(nanoseconds / 1_000_000_000)?,
        tv_nsec: nanoseconds % 1_000_000_000,
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs;
    use std::path::Path;

    use super::{At, Duration, create, monotonic_after};

    #[test]
    fn our_bytes_are_those_of_sem_open() {
        let at = &At { operation: "create", subject: &"test" };
        let pid = std::process::id();
        let [ours, theirs] =
            ["ours", "theirs"].map(|who| format!("/dev/shm/sem.shmrecord-bytes-{who}-{pid}"));
        create(at, Path::new(&ours), 7, 0o600).unwrap().unwrap();
        let name = CString::new(format!("/shmrecord-bytes-theirs-{pid}")).unwrap();
        // SAFETY: the name ends in NUL and lives across the call; mode and value have their types of after promotion.
        let semaphore = unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT | libc::O_EXCL, 0o600, 7) };
        assert_ne!(semaphore, libc::SEM_FAILED);
        // SAFETY: it was opened above and is not used again.
        assert_eq!(unsafe { libc::sem_close(semaphore) }, 0);
        let bytes = [&ours, &theirs].map(|path| fs::read(path).unwrap());
        for path in [ours, theirs] {
            fs::remove_file(path).unwrap();
        }
        assert_eq!(bytes[0], bytes[1]);
    }

    #[test]
    fn deadlines_past_the_clock_are_none() {
        assert!(monotonic_after(Duration::ZERO).is_some());
        assert!(monotonic_after(Duration::new(0, 999_999_999)).unwrap().tv_nsec < 1_000_000_000);
        assert!(monotonic_after(Duration::MAX).is_none());
        assert!(monotonic_after(Duration::from_secs(i64::MAX.cast_unsigned())).is_none());
    }
}

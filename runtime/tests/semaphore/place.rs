//! Addresses of semaphores that no other test and no other process has, removed on drop. Relies on `SemaphoreOptions`.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use shmrecord::SemaphoreOptions;

/// The account `nobody`, which owns nothing.
pub(crate) const NOBODY: u32 = 65534;

/// An address, and the semaphore there as long as the test runs.
#[derive(Debug)]
pub(crate) struct Place {
    address: String,
    key: libc::key_t,
}

impl Place {
    /// A POSIX name.
    pub(crate) fn posix() -> Self {
        let address = format!("posix:/shmrecord-test-{}-{}", process::id(), number());
        Self { address, key: 0 }
    }

    /// A System V key. It is past 2^31, as half of all keys are.
    pub(crate) fn sysv() -> Self {
        // Process ids have 22 bits at most, so a program can have 256 keys.
        let key = 0x8000_0000 | process::id() << 8 | (number() & 0xff);
        Self { address: format!("sysv:{key:#x}"), key: key.cast_signed() }
    }

    /// One of each.
    pub(crate) fn both() -> [Self; 2] {
        [Self::posix(), Self::sysv()]
    }

    /// Its address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its key, for calls of other programs; of System V only.
    pub(crate) fn key(&self) -> libc::key_t {
        assert_ne!(self.key, 0, "{} has no key", self.address);
        self.key
    }

    /// The file behind it and its name for other programs; POSIX only.
    pub(crate) fn file(&self) -> String {
        let name = self.address.strip_prefix("posix:/").expect("a POSIX name");
        format!("/dev/shm/sem.{name}")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whatever its mode and owner were. Most tests remove it themselves.
        let _ = SemaphoreOptions::new().mode(0o666).owner(NOBODY).unlink(&self.address);
    }
}

fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

//! What is said of a table of another program, to both languages: as [`Adopt`], and as the text that `c/adopt.c` and the actor
//! take. Relies on the runtime's public API; opens nothing.

use std::time::Duration;

use shmrecord::{Adopt, ForeignGuard, ShmRecord};

/// As a count: as many as fit.
pub const REST: u64 = u64::MAX;
/// Bytes in front of the records, unless said otherwise.
pub const OFFSET: u64 = 64;
/// Number of records, unless said otherwise.
pub const COUNT: u64 = 3;

/// All that can be said of such a table.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Where the segment is.
    pub address: &'a str,
    /// The other program's guard.
    pub guard: ForeignGuard<'a>,
    /// Bytes in front of the records.
    pub offset: u64,
    /// Number of records, or [`REST`].
    pub count: u64,
    /// Bytes from record to record.
    pub stride: u64,
    /// With the others' write bit: what everybody may write is accepted.
    pub mode: u32,
    /// Memfds that can be cut are accepted.
    pub accept_unsealed: bool,
    /// How long an access may wait.
    pub timeout: Duration,
}

/// From one record to the next, with room for a counter on multiples of 8 between them.
#[must_use]
pub const fn stride<T>() -> u64 {
    (size_of::<T>() as u64).next_multiple_of(8) + 16
}

impl<'a> Said<'a> {
    /// [`COUNT`] records behind [`OFFSET`] bytes, one [`stride`] apart.
    #[must_use]
    pub fn new<T: ShmRecord>(address: &'a str, guard: ForeignGuard<'a>) -> Self {
        let (mode, timeout) = (0o600, Duration::from_secs(60));
        let (offset, count, stride) = (OFFSET, COUNT, stride::<T>());
        Self { address, guard, offset, count, stride, mode, accept_unsealed: false, timeout }
    }

    /// As Rust is told.
    #[must_use]
    pub fn adopt<T: ShmRecord>(&self) -> Adopt<'a, T> {
        let adopt = Adopt::new(self.address, self.guard).offset(self.offset).stride(self.stride);
        let adopt = adopt.mode(self.mode).accept_unsealed(self.accept_unsealed).timeout(self.timeout);
        if self.count == REST { adopt } else { adopt.count(self.count) }
    }

    /// As other processes are told: `ADDRESS MODE UNSEALED TIMEOUT_MS OFFSET COUNT STRIDE GUARD NAME INDEX COUNTER BITS EACH`.
    ///
    /// # Panics
    /// For a guard that C does not have.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { address, offset, count, stride, mode, .. } = self;
        let (kind, name, index, counter, bits, each) = match self.guard {
            ForeignGuard::None => (1, "", 0, 0, 0, false),
            ForeignGuard::Sysv { key, index } => (2, key, index, 0, 0, false),
            ForeignGuard::Posix { name } => (3, name, 0, 0, 0, false),
            ForeignGuard::Seqcount { offset, bits, per_record } => (4, "", 0, offset, bits, per_record),
            _ => panic!("a guard that C does not have"),
        };
        let name = if name.is_empty() { "-" } else { name };
        let (unsealed, timeout, each) =
            (u8::from(self.accept_unsealed), self.timeout.as_millis(), u8::from(each));
        let place = format!("{address} {mode:o} {unsealed} {timeout} {offset} {count} {stride}");
        format!("{place} {kind} {name} {index} {counter} {bits} {each}")
    }

    /// What was said by these words of a [`text`](Said::text).
    ///
    /// # Panics
    /// When they are none.
    #[must_use]
    pub fn parse(words: &[&'a str]) -> Self {
        let &[
            address,
            mode,
            unsealed,
            timeout,
            offset,
            count,
            stride,
            kind,
            name,
            index,
            counter,
            bits,
            each,
        ] = words
        else {
            panic!("{} parts: {words:?}", words.len());
        };
        let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no number"));
        let name = if name == "-" { "" } else { name };
        let guard = match number(kind) {
            1 => ForeignGuard::None,
            2 => ForeignGuard::Sysv { key: name, index: index.parse().expect("an index") },
            3 => ForeignGuard::Posix { name },
            _ => ForeignGuard::Seqcount {
                offset: number(counter),
                bits: bits.parse().expect("a width"),
                per_record: each == "1",
            },
        };
        Self {
            address,
            guard,
            offset: number(offset),
            count: number(count),
            stride: number(stride),
            mode: u32::from_str_radix(mode, 8).expect("permission bits"),
            accept_unsealed: unsealed == "1",
            timeout: Duration::from_millis(number(timeout)),
        }
    }
}

/// A counter as a guard.
#[must_use]
pub const fn counter(offset: u64, bits: u32, per_record: bool) -> ForeignGuard<'static> {
    ForeignGuard::Seqcount { offset, bits, per_record }
}

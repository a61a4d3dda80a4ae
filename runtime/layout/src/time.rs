//! What integers that are moments count. Relies on `kind`.

use crate::kind::Kind;

/// What an integer counts when it is a moment.
///
/// The discriminants are the tags that enter `schema_id` and stand in a segment's description: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Time {
    /// Seconds since 1970-01-01 00:00 UTC, without leap seconds: `time(2)`.
    UnixS = 1,
    /// Milliseconds since then.
    UnixMs = 2,
    /// Microseconds since then.
    UnixUs = 3,
    /// Nanoseconds since then: `clock_gettime(CLOCK_REALTIME)`.
    UnixNs = 4,
    /// Nanoseconds of `clock_gettime(CLOCK_MONOTONIC)`, comparable until the machine is booted again.
    MonotonicNs = 5,
}

impl Time {
    /// Every one, in the order of the tags.
    pub const ALL: [Time; 5] = [Time::UnixS, Time::UnixMs, Time::UnixUs, Time::UnixNs, Time::MonotonicNs];

    /// The stable tag: 1 to 5.
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The one with this tag, or `None` for a tag that nothing has.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Time> {
        if tag == 0 || tag as usize > Self::ALL.len() {
            return None;
        }
        Some(Self::ALL[tag as usize - 1])
    }

    /// The name in schemas and messages: `unix_ns`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Time::UnixS => "unix_s",
            Time::UnixMs => "unix_ms",
            Time::UnixUs => "unix_us",
            Time::UnixNs => "unix_ns",
            Time::MonotonicNs => "monotonic_ns",
        }
    }

    /// Whether it is counted in integers of this kind: of 64 bits, and seconds since 1970 of 32 as well.
    #[must_use]
    pub const fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::U64 | Kind::I64 => true,
            Kind::U32 | Kind::I32 => matches!(self, Time::UnixS),
            _ => false,
        }
    }

    /// How many it counts in a second.
    #[must_use]
    pub const fn per_second(self) -> u32 {
        match self {
            Time::UnixS => 1,
            Time::UnixMs => 1_000,
            Time::UnixUs => 1_000_000,
            Time::UnixNs | Time::MonotonicNs => 1_000_000_000,
        }
    }
}

//! Whether records and counters lie where they are said to: arithmetic on numbers from outside, every step checked. Relies
//! on `error`; knows no memory.

use shmrecord_layout::RecordLayout;

use super::ForeignGuard;
use crate::error::{At, Error, ErrorKind, Result};

/// Where records and counters are to be, as it was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    size: u64,
    align: u64,
    offset: u64,
    stride: u64,
    count: Option<u64>,
    counter: Option<Counter>,
}

/// A seqcount, as it was said.
#[derive(Clone, Copy, Debug)]
struct Counter {
    offset: u64,
    bits: u32,
    per_record: bool,
}

/// Where records and counters are: inside the segment, aligned, apart from one another. In bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) offset: usize,
    pub(super) stride: usize,
    pub(super) count: usize,
    pub(super) counter: Option<CounterBounds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CounterBounds {
    pub(super) offset: usize,
    /// From that of one record to that of the next; 0 when they have one in common.
    pub(super) stride: usize,
    /// Of 64 bits, otherwise 32.
    pub(super) wide: bool,
}

impl Counter {
    fn bytes(self) -> u64 {
        u64::from(self.bits / 8)
    }
}

impl Wanted {
    pub(super) fn new(
        layout: &RecordLayout<'_>,
        offset: u64,
        stride: Option<u64>,
        count: Option<u64>,
        guard: ForeignGuard<'_>,
    ) -> Self {
        let size = u64::from(layout.size);
        let counter = match guard {
            ForeignGuard::Seqcount { offset, bits, per_record } => Some(Counter { offset, bits, per_record }),
            _ => None,
        };
        Self { size, align: layout.align.into(), offset, stride: stride.unwrap_or(size), count, counter }
    }

    /// Refuses what can be in no segment.
    pub(super) fn check(&self, at: &At<'_>) -> Result<()> {
        let Self { size, align, offset, stride, .. } = *self;
        if stride < size {
            return Err(bad(at, "stride", format!("{stride} bytes for records of {size}")));
        }
        for (argument, bytes) in [("stride", stride), ("offset", offset)] {
            if !bytes.is_multiple_of(align) {
                let words = format!("{bytes} bytes, not a multiple of {align}, the record's alignment");
                return Err(bad(at, argument, words));
            }
        }
        if self.count == Some(0) {
            return Err(bad(at, "count", "0".into()));
        }
        self.counter.map_or(Ok(()), |counter| self.check_counter(at, counter))
    }

    fn check_counter(&self, at: &At<'_>, counter: Counter) -> Result<()> {
        let Self { size, stride, .. } = *self;
        let Counter { offset, bits, per_record } = counter;
        if bits != 32 && bits != 64 {
            return Err(bad(at, "guard", format!("a counter of {bits} bits, expected 32 or 64")));
        }
        let bytes = counter.bytes();
        // What counts is the place in the segment, of every record's counter.
        let first = if per_record { self.offset.wrapping_add(offset) } else { offset };
        if !first.is_multiple_of(bytes) || per_record && !stride.is_multiple_of(bytes) {
            return Err(bad(at, "guard", format!("counter at {offset}, not a multiple of {bytes}")));
        }
        if per_record && offset.checked_add(bytes).is_none_or(|end| end > stride) {
            let words = format!("counter at {offset} does not end within the stride of {stride}");
            return Err(bad(at, "guard", words));
        }
        if per_record && offset < size {
            return Err(bad(at, "guard", format!("counter at {offset} lies in the record of {size} bytes")));
        }
        Ok(())
    }

    /// The bounds in a segment of this many bytes. What was asked for has passed [`Wanted::check`].
    pub(super) fn within(&self, at: &At<'_>, actual: u64) -> Result<Bounds> {
        let Self { offset, stride, .. } = *self;
        // What there must be room for behind the start of the last record.
        let last = match self.counter {
            Some(counter) if counter.per_record => counter.offset + counter.bytes(),
            _ => self.size,
        };
        let count = self.count.unwrap_or_else(|| {
            let room = actual.saturating_sub(offset);
            // At least one: if there is no room for it, that is said below.
            room.checked_sub(last).map_or(1, |more| more / stride + 1)
        });
        let end = (count - 1).checked_mul(stride).and_then(|at| at.checked_add(offset)?.checked_add(last));
        if end.is_none_or(|end| end > actual) {
            let kind = ErrorKind::SizeMismatch { header: end.unwrap_or(u64::MAX), actual };
            let words = format!("offset {offset} + {count} records of {} bytes", self.size);
            let apart = if stride == self.size { String::new() } else { format!(", {stride} apart") };
            return Err(at.error(kind).detail(words + &apart));
        }
        let counter =
            self.counter.map(|counter| self.counter_within(at, counter, count, actual)).transpose()?;
        Ok(Bounds { offset: place(offset), stride: place(stride), count: place(count), counter })
    }

    fn counter_within(
        &self,
        at: &At<'_>,
        counter: Counter,
        count: u64,
        actual: u64,
    ) -> Result<CounterBounds> {
        let wide = counter.bits == 64;
        if counter.per_record {
            let offset = place(self.offset + counter.offset);
            return Ok(CounterBounds { offset, stride: place(self.stride), wide });
        }
        let Some(end) = counter.offset.checked_add(counter.bytes()).filter(|&end| end <= actual) else {
            let words =
                format!("counter at {} does not end within the segment of {actual} bytes", counter.offset);
            return Err(bad(at, "guard", words));
        };
        // The last record that starts before the counter ends is the only one that can overlap it: if that one ends
        // before, all before it do.
        if let Some(last_byte) = (end - 1).checked_sub(self.offset) {
            let record = (last_byte / self.stride).min(count - 1);
            if self.offset + record * self.stride + self.size > counter.offset {
                let words = format!("counter at {} lies in record {record}", counter.offset);
                return Err(bad(at, "guard", words));
            }
        }
        Ok(CounterBounds { offset: place(counter.offset), stride: 0, wide })
    }
}

fn bad(at: &At<'_>, argument: &'static str, words: String) -> Error {
    at.error(ErrorKind::BadArgument { argument }).detail(words)
}

/// A number of bytes or records inside a segment.
#[expect(
    clippy::cast_possible_truncation,
    reason = "usize has 64 bits here; lib.rs refuses to build elsewhere"
)]
fn place(value: u64) -> usize {
    value as usize
}

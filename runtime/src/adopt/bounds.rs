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
        if !offset.is_multiple_of(bytes) || per_record && !stride.is_multiple_of(bytes) {
            return Err(bad(at, "guard", format!("counter at {offset}, not a multiple of {bytes}")));
        }
        if !per_record {
            return Ok(());
        }
        // How far behind the start of a record there is a counter, its own or, if counters stand in front, the next one's.
        let behind = (i128::from(offset) - i128::from(self.offset)).rem_euclid(stride.into());
        if behind < size.into() {
            return Err(bad(at, "guard", format!("counter at {offset} lies in the record of {size} bytes")));
        }
        if behind + i128::from(bytes) > stride.into() {
            let words = format!("counter at {offset} does not end within the stride of {stride}");
            return Err(bad(at, "guard", words));
        }
        Ok(())
    }

    /// The bounds in a segment of this many bytes. What was asked for has passed [`Wanted::check`].
    pub(super) fn within(&self, at: &At<'_>, actual: u64) -> Result<Bounds> {
        let Self { offset, stride, .. } = *self;
        let first_end = self.first_end();
        let count = self.count.unwrap_or_else(|| {
            // At least one: if there is no room for it, that is said below.
            first_end.and_then(|end| actual.checked_sub(end)).map_or(1, |more| more / stride + 1)
        });
        let end = (count - 1).checked_mul(stride).and_then(|apart| apart.checked_add(first_end?));
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

    /// Where record 0 ends, and the counter that it has for itself.
    fn first_end(&self) -> Option<u64> {
        let record = self.offset.checked_add(self.size)?;
        match self.counter {
            Some(counter) if counter.per_record => {
                counter.offset.checked_add(counter.bytes()).map(|end| end.max(record))
            }
            _ => Some(record),
        }
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
            return Ok(CounterBounds { offset: place(counter.offset), stride: place(self.stride), wide });
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

#[cfg(test)]
mod tests {
    use super::{At, Bounds, CounterBounds, ForeignGuard, Result, Wanted};
    use crate::error::ErrorKind;

    const NONE: ForeignGuard<'static> = ForeignGuard::None;

    /// 32 bytes, aligned to 8.
    fn wanted(offset: u64, stride: Option<u64>, count: Option<u64>, guard: ForeignGuard<'_>) -> Wanted {
        let layout = shmrecord_layout::RecordLayout::new("Quote", 32, 8, &[], "");
        Wanted::new(&layout, offset, stride, count, guard)
    }

    fn counter(offset: u64, bits: u32) -> ForeignGuard<'static> {
        ForeignGuard::Seqcount { offset, bits, per_record: false }
    }

    fn counters(offset: u64, bits: u32) -> ForeignGuard<'static> {
        ForeignGuard::Seqcount { offset, bits, per_record: true }
    }

    fn bounds(wanted: &Wanted, actual: u64) -> Result<Bounds> {
        let at = &At { operation: "open for reading", subject: &"posix:/quotes" };
        wanted.check(at).and_then(|()| wanted.within(at, actual))
    }

    #[test]
    fn records_end_within_the_segment() {
        for (offset, stride, count, actual, found) in [
            (64, None, Some(100), 3264, (32, 100)),
            (0, None, None, 32, (32, 1)),
            (0, None, None, 95, (32, 2)),
            (64, Some(40), None, 64 + 40 + 32, (40, 2)),
            (64, Some(40), None, 64 + 40 + 31, (40, 1)),
            (8, Some(1 << 40), Some(1), 40, (1 << 40, 1)),
        ] {
            let found_bounds = bounds(&wanted(offset, stride, count, NONE), actual).unwrap();
            assert_eq!((found_bounds.stride, found_bounds.count), found);
        }
        for (offset, stride, count, actual, header, words) in [
            (64, None, Some(100), 3263, 3264, "offset 64 + 100 records of 32 bytes"),
            (64, Some(40), Some(2), 135, 136, "offset 64 + 2 records of 32 bytes, 40 apart"),
            (64, None, None, 95, 96, "offset 64 + 1 records of 32 bytes"),
            (0, None, None, 0, 32, "offset 0 + 1 records of 32 bytes"),
            (u64::MAX - 7, None, None, 4096, u64::MAX, "offset 18446744073709551608 + 1 records"),
            (0, None, Some(u64::MAX), 4096, u64::MAX, "18446744073709551615 records"),
            (1 << 63, Some(1 << 62), Some(3), u64::MAX, u64::MAX, "3 records of 32 bytes, 46116"),
        ] {
            let error = bounds(&wanted(offset, stride, count, NONE), actual).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::SizeMismatch { header, actual }, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (offset, stride, count, guard, argument, words) in [
            (0, Some(24), None, NONE, "stride", "24 bytes for records of 32"),
            (0, Some(0), None, NONE, "stride", "0 bytes for records of 32"),
            (0, Some(36), None, NONE, "stride", "36 bytes, not a multiple of 8, the record's alignment"),
            (4, None, None, NONE, "offset", "4 bytes, not a multiple of 8, the record's alignment"),
            (0, None, Some(0), NONE, "count", "0"),
            (64, None, None, counter(8, 16), "guard", "a counter of 16 bits, expected 32 or 64"),
            (64, None, None, counter(8, 0), "guard", "a counter of 0 bits"),
            (64, None, None, counter(6, 32), "guard", "counter at 6, not a multiple of 4"),
            (64, None, None, counter(4, 64), "guard", "counter at 4, not a multiple of 8"),
            (64, None, Some(9), counter(4096, 32), "guard", "does not end within the segment of 4096 bytes"),
            (64, None, Some(9), counter(u64::MAX - 3, 32), "guard", "does not end within the segment"),
            (64, None, Some(9), counter(64, 32), "guard", "counter at 64 lies in record 0"),
            (64, Some(40), Some(9), counter(128, 32), "guard", "counter at 128 lies in record 1"),
            (64, Some(40), Some(9), counter(412, 32), "guard", "counter at 412 lies in record 8"),
            (64, Some(36 + 4), Some(9), counters(66, 32), "guard", "counter at 66, not a multiple of 4"),
            (
                64,
                Some(40),
                Some(9),
                counters(92, 32),
                "guard",
                "counter at 92 lies in the record of 32 bytes",
            ),
            (64, Some(40), Some(9), counters(0, 32), "guard", "counter at 0 lies in the record"),
            (64, Some(32), Some(9), counters(96, 32), "guard", "counter at 96 lies in the record"),
            (64, Some(40), Some(9), counters(u64::MAX - 3, 32), "guard", "lies in the record of 32 bytes"),
        ] {
            let error = bounds(&wanted(offset, stride, count, guard), 4096).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::BadArgument { argument }, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
        // An alignment of 4 lets a counter of 8 bytes pass the end of the stride, or lie aligned for every second record.
        let layout = shmrecord_layout::RecordLayout::new("Reading", 12, 4, &[], "");
        for (stride, place, words) in [
            (16, 16, "counter at 16 does not end within the stride of 16"),
            (20, 16, "counter at 16, not a multiple of 8"),
        ] {
            let wanted = Wanted::new(&layout, 4, Some(stride), None, counters(place, 64));
            let error = bounds(&wanted, 4096).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn counters_lie_beside_the_records() {
        let place = |offset, stride, wide| Some(CounterBounds { offset, stride, wide });
        for (guard, actual, found) in [
            (counter(8, 32), 4096, place(8, 0, false)),
            (counter(60, 32), 4096, place(60, 0, false)),
            // Between record 0 and record 1, and behind the last.
            (counter(96, 64), 4096, place(96, 0, true)),
            (counter(416, 64), 424, place(416, 0, true)),
            // Behind each record, and in front of each.
            (counters(100, 32), 424, place(100, 40, false)),
            (counters(56, 64), 424, place(56, 40, true)),
        ] {
            let found_bounds = bounds(&wanted(64, Some(40), Some(9), guard), actual).unwrap();
            assert_eq!(found_bounds.counter, found);
        }
        // The last record needs its counter too; in front there is always room for it.
        let behind = |count| wanted(64, Some(40), count, counters(96, 64));
        assert_eq!(bounds(&behind(None), 423).unwrap().count, 8);
        let error = bounds(&behind(Some(9)), 423).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::SizeMismatch { header: 424, actual: 423 });
        assert_eq!(bounds(&wanted(64, Some(40), None, counters(56, 64)), 416).unwrap().count, 9);
    }
}

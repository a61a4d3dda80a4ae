//! Whether the records of a segment fit where they are said to be: aligned, apart, not under their counters. Relies on
//! `resolve` and `layout` for the records; the size of the segment is known only when a program opens it.

use crate::diag::{Diagnostic, Diagnostics};
use crate::layout::Frame;
use crate::model::Guard;
use crate::resolve::Resolved;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::segment::{MAX_BYTES, Segment};
use crate::source::{Span, Spanned};

/// Reports every segment whose records, or counters, do not fit.
pub(crate) fn check(schema: &Schema, resolved: &Resolved, frames: &[Option<Frame>], found: &mut Diagnostics) {
    for (segment, record) in schema.segments.iter().zip(&resolved.segments) {
        let Some(frame) = record.and_then(|record| frames[record].as_ref()) else { continue };
        let extent = Extent::new(segment, frame);
        if !extent.is_sound(segment, found) {
            continue;
        }
        let Some(Spanned { value: Guard::Seqcount { offset, bits, per_record }, span }) = segment.guard
        else {
            continue;
        };
        let counter = Counter { offset, width: u64::from(bits / 8), span };
        let fault = if offset % counter.width != 0 {
            Some(counter.misaligned("the counter is not aligned"))
        } else if per_record {
            extent.beside(&counter)
        } else {
            extent.around(&counter)
        };
        if let Some(report) = fault {
            found.push(report);
        }
    }
}

/// Where the records are, in bytes.
struct Extent {
    offset: u64,
    /// `None` for as many as fit.
    count: Option<u64>,
    stride: u64,
    size: u64,
    align: u64,
}

/// Where a counter is, and where that was said.
struct Counter {
    offset: u64,
    width: u64,
    span: Span,
}

impl Extent {
    fn new(segment: &Segment, frame: &Frame) -> Self {
        let size = u64::from(frame.size);
        Self {
            offset: segment.offset.as_ref().map_or(0, |offset| offset.value),
            count: segment.count.as_ref().map(|count| count.value),
            stride: segment.stride.as_ref().map_or(size, |stride| stride.value),
            size,
            align: u64::from(frame.align),
        }
    }

    /// Behind the last record; behind the first when nobody knows how many there are. Without overflow for sizes and
    /// counts of 64 bits.
    fn end(&self) -> u128 {
        let steps = u128::from(self.count.unwrap_or(1)) - 1;
        u128::from(self.offset) + steps * u128::from(self.stride) + u128::from(self.size)
    }

    /// Whether the records have places of their own; reports why not.
    fn is_sound(&self, segment: &Segment, found: &mut Diagnostics) -> bool {
        let mut sound = true;
        for (key, place) in [("offset", &segment.offset), ("stride", &segment.stride)] {
            let Some(place) = place else { continue };
            let rest = place.value % self.align;
            if rest != 0 {
                let title = format!("`{key}` is not a multiple of the record's alignment");
                let (below, above) = (place.value - rest, place.value - rest + self.align);
                let report = Diagnostic::new(Rule::SegmentMisaligned, place.span, title);
                let report = report.label(format!("not a multiple of {}", self.align));
                found.push(report.help(format!("the nearest ones are {below} and {above}")));
            } else if key == "stride" && place.value < self.size {
                let title = "`stride` is less than the record's size";
                let report = Diagnostic::new(Rule::StrideTooSmall, place.span, title);
                found.push(report.label(format!("a record has {} bytes", self.size)));
            } else {
                continue;
            }
            sound = false;
        }
        if sound && self.end() > u128::from(MAX_BYTES) {
            let places = [&segment.count, &segment.stride, &segment.offset];
            let span = places.into_iter().flatten().next().map_or(segment.name.span, |place| place.span);
            let title = format!("the records end at {}, beyond 2^63 - 1", self.end());
            found.push(Diagnostic::new(Rule::SegmentTooLarge, span, title).label("too far"));
            sound = false;
        }
        sound
    }

    /// What is wrong with a counter for all records.
    fn around(&self, counter: &Counter) -> Option<Diagnostic> {
        let Self { offset, count, .. } = *self;
        if counter.end() <= offset || count.is_some() && u128::from(counter.offset) >= self.end() {
            return None;
        }
        Some(match count {
            Some(_) => counter.taken(format!("records from {offset} to {}", self.end())),
            None => counter
                .taken(format!("records from {offset} to the end of the segment"))
                .help("say how many records there are: `count = ...`"),
        })
    }

    /// What is wrong with a counter for each record, of which this is the one of record 0.
    fn beside(&self, counter: &Counter) -> Option<Diagnostic> {
        let Self { offset, stride, size, .. } = *self;
        // From the start of the nearest record in front: counters before record 0 are like those behind the others.
        let behind = (counter.offset % stride + (stride - offset % stride)) % stride;
        if stride % counter.width != 0 {
            let title = format!("counters at every {stride} bytes are not all aligned");
            Some(counter.misaligned(title))
        } else if behind < size {
            Some(counter.taken(format!("byte {behind} of a record of {size}")))
        } else {
            let room = stride - behind;
            (room < counter.width).then(|| counter.taken(format!("only {room} bytes before the next record")))
        }
    }
}

impl Counter {
    fn end(&self) -> u64 {
        // Offsets are below 2^63.
        self.offset + self.width
    }

    fn misaligned(&self, title: impl Into<String>) -> Diagnostic {
        let report = Diagnostic::new(Rule::CounterMisaligned, self.span, title);
        report.label(format!("not at a multiple of {}", self.width))
    }

    fn taken(&self, label: String) -> Diagnostic {
        let title = format!("the counter at {} to {} lies where records are", self.offset, self.end());
        Diagnostic::new(Rule::CounterTaken, self.span, title).label(label)
    }
}

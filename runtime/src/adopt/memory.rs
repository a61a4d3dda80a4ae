//! The records in a mapping, and copies of them out and in. Relies on `region`, `bounds` and `guard::copy`; knows no guard:
//! whether a copy is whole is for others to see to.
//!
//! A record of another program may lie anywhere. It is cut into the widest aligned pieces of 8, 4, 2 and 1 bytes that its
//! place allows, each accessed by one relaxed atomic, so that no byte outside of it is touched and the same bytes are
//! always accessed in the same width. A record that lies on a multiple of 8 is words first, for which there is
//! `guard::copy`; with an alignment and so a size of multiples of 8 the compiler sees that nothing else is left.

#![expect(unsafe_code, reason = "references to atomics in the mapping, at places that were checked")]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use zerocopy::IntoBytes;

use super::bounds::Bounds;
use crate::buffer::{self, Buffer, Unread};
use crate::guard::copy;
use crate::record::ShmRecord;
use crate::region::Segment;
use crate::region::map::Map;
#[cfg(target_arch = "x86_64")]
use crate::sync::find_vectors;
use crate::sync::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, compiler_fence};

/// A mapped segment with records of another program in it.
#[derive(Debug)]
pub(super) struct Memory<T> {
    segment: Segment,
    /// Record 0, in the mapping.
    first: NonNull<u8>,
    stride: usize,
    count: usize,
    /// How many of them may be accessed without a guard: all or none.
    unguarded: usize,
    record: PhantomData<fn(T) -> T>,
}

// SAFETY: the pointer leads into the mapping that the value owns, whose bytes are only touched as atomics, from any thread;
// everything else is Send.
unsafe impl<T> Send for Memory<T> {}
// SAFETY: as for Send.
unsafe impl<T> Sync for Memory<T> {}

/// The place of one record, in bounds.
#[derive(Debug)]
pub(super) struct Record<'a, T> {
    first: NonNull<u8>,
    memory: PhantomData<&'a Memory<T>>,
}

impl<T: ShmRecord> Memory<T> {
    /// The records in this segment, whose bounds were found for its size.
    pub(super) fn new(segment: Segment, bounds: Bounds, is_guarded: bool) -> Self {
        #[cfg(target_arch = "x86_64")]
        find_vectors();
        let unguarded = if is_guarded { 0 } else { bounds.count };
        let end = (bounds.count.checked_sub(1))
            .and_then(|last| last.checked_mul(bounds.stride)?.checked_add(bounds.offset))
            .and_then(|last| last.checked_add(size_of::<T>()));
        assert!(end.is_some_and(|end| end <= segment.map().length()), "records lie inside the mapping");
        let apart = [bounds.offset, bounds.stride];
        assert!(apart.iter().all(|bytes| bytes.is_multiple_of(align_of::<T>())), "records are aligned");
        // SAFETY: inside the mapping, by the assertion.
        let first = unsafe { segment.map().base().add(bounds.offset) };
        Self { segment, first, stride: bounds.stride, count: bounds.count, unguarded, record: PhantomData }
    }

    /// Number of records.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The segment that the records are in.
    pub(super) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Whether this is a child of the process that opened it for writing: then the mapping is not there.
    #[inline(always)]
    pub(super) fn is_forked(&self) -> bool {
        self.segment.map().is_left()
    }

    /// Its memory.
    pub(super) fn map(&self) -> &Map {
        self.segment.map()
    }

    /// The place of a record, if there is no guard for it; one comparison for both questions.
    #[inline(always)]
    pub(super) fn unguarded(&self, index: usize) -> Option<Record<'_, T>> {
        if index >= self.unguarded {
            return None;
        }
        // SAFETY: as in `record`: there are no more of these than of those.
        let first = unsafe { self.first.add(index * self.stride) };
        Some(Record { first, memory: PhantomData })
    }

    /// The place of a record; `None` when the index is not below the count.
    #[inline(always)]
    pub(super) fn record(&self, index: usize) -> Option<Record<'_, T>> {
        if index >= self.count {
            return None;
        }
        // SAFETY: inside the mapping, as `new` has checked for the last record; so the product does not overflow either.
        let first = unsafe { self.first.add(index * self.stride) };
        Some(Record { first, memory: PhantomData })
    }
}

impl<T: ShmRecord> Record<'_, T> {
    /// A copy of the record, or why its bytes are none.
    #[inline(always)]
    pub(super) fn load(&self) -> Result<T, Unread> {
        looked_at_each_time();
        let mut buffer = Buffer::<T>::empty();
        let whole = words_of::<T>(self.first);
        // SAFETY: `whole` words lie in the record, which starts on a multiple of 8 unless they are none.
        buffer::load(unsafe { words(self.first, whole) }, &mut buffer.words()[..whole]);
        let bytes: &mut [MaybeUninit<u8>] = buffer.bytes_mut();
        let mut at = whole * 8;
        while at < size_of::<T>() {
            // SAFETY: inside the record.
            let from = unsafe { self.first.add(at) };
            let width = width(from, size_of::<T>() - at);
            // SAFETY: the piece lies in the record, on a multiple of its width.
            unsafe { load_piece(from, &mut bytes[at..at + width]) };
            at += width;
        }
        // SAFETY: the words and the pieces behind them are all of the record's bytes.
        unsafe { buffer.decoded(true) }
    }

    /// Copies the record to `out`, straight if any words are a value; `out` is as it was if the bytes are none.
    #[inline(always)]
    pub(super) fn load_into(&self, out: &mut T) -> Result<(), Unread> {
        // SAFETY: a value is stored there, or words.
        self.fill(unsafe { Buffer::place_of(out) })
    }

    /// As [`Record::load`], or else what `otherwise` gives; a large one is copied once, to where it goes on from.
    #[inline(always)]
    pub(super) fn load_or<E>(record: Option<Self>, otherwise: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let load = || record.as_ref()?.load().ok();
        let fill =
            |place: &mut MaybeUninit<T>| record.as_ref().is_some_and(|record| record.fill(place).is_ok());
        // SAFETY: when `fill` says so, it has.
        unsafe { Buffer::value_or(load, fill, otherwise) }
    }

    /// Puts the record there, straight if any words are a value; nothing if its bytes are none.
    #[inline(always)]
    fn fill(&self, place: &mut MaybeUninit<T>) -> Result<(), Unread> {
        looked_at_each_time();
        match Buffer::words_of(place) {
            Some(to) => {
                // SAFETY: the record consists of as many words, and starts on a multiple of 8, as every T with words does.
                copy::load(unsafe { words(self.first, to.len()) }, to);
            }
            None => _ = place.write(self.load()?),
        }
        Ok(())
    }

    /// Copies a value into the record, with zeros for its padding. The mapping is writable.
    #[inline(always)]
    pub(super) fn store(&self, value: &T) {
        let mut buffer = Buffer::empty();
        let source = buffer.words_from(value);
        let whole = words_of::<T>(self.first);
        // SAFETY: as in `load`.
        copy::store(&source[..whole], unsafe { words(self.first, whole) });
        let bytes = source.as_bytes();
        let mut at = whole * 8;
        while at < size_of::<T>() {
            // SAFETY: inside the record.
            let to = unsafe { self.first.add(at) };
            let width = width(to, size_of::<T>() - at);
            // SAFETY: as in `load`.
            unsafe { store_piece(&bytes[at..at + width], to) };
            at += width;
        }
    }
}

/// Keeps the loads behind it in a loop that they stand in: a guard's fences do, but there may be none, and a compiler that sees
/// nobody store would load once, in front of the loop, and turn for ever. No instruction.
#[inline(always)]
fn looked_at_each_time() {
    compiler_fence(Ordering::Acquire);
}

/// The words that a record here begins with; none when it does not lie on a multiple of 8.
#[inline(always)]
fn words_of<T>(first: NonNull<u8>) -> usize {
    let is_aligned = align_of::<T>() >= 8 || first.addr().get().is_multiple_of(8);
    if is_aligned { size_of::<T>() / 8 } else { 0 }
}

/// The width of the widest aligned piece that starts here and has at most `left` bytes, which are not 0.
#[inline(always)]
fn width(first: NonNull<u8>, left: usize) -> usize {
    1 << first.addr().trailing_zeros().min(left.ilog2()).min(3)
}

/// The words of a record in a mapping.
///
/// # Safety
/// So many words lie in the record, and start on a multiple of 8 unless there are none; nothing else is accessed through
/// what is returned, which must not outlive the mapping.
#[inline(always)]
unsafe fn words<'a>(first: NonNull<u8>, count: usize) -> &'a [AtomicU64] {
    if count == 0 {
        return &[];
    }
    // SAFETY: as in `atomic`, for `count` of them.
    unsafe { std::slice::from_raw_parts(first.cast::<AtomicU64>().as_ptr(), count) }
}

/// The atomic at a place that the caller has promised to be one.
macro_rules! atomic {
    ($type:ty, $place:expr) => {{
        // SAFETY: the caller's promise; atomics have the size, alignment and validity of their integers, and interior
        // mutability allows stores by others. On a read-only mapping there are relaxed loads only.
        unsafe { $place.cast::<$type>().as_ref() }
    }};
}

/// One relaxed load.
///
/// # Safety
/// As many bytes as `to` has, 8, 4, 2 or 1, lie in a mapping at `from`, which is a multiple of that number.
#[inline(always)]
unsafe fn load_piece(from: NonNull<u8>, to: &mut [MaybeUninit<u8>]) {
    match to.len() {
        8 => fill(to, atomic!(AtomicU64, from).load(Ordering::Relaxed).to_ne_bytes()),
        4 => fill(to, atomic!(AtomicU32, from).load(Ordering::Relaxed).to_ne_bytes()),
        2 => fill(to, atomic!(AtomicU16, from).load(Ordering::Relaxed).to_ne_bytes()),
        _ => fill(to, atomic!(AtomicU8, from).load(Ordering::Relaxed).to_ne_bytes()),
    }
}

/// One relaxed store.
///
/// # Safety
/// As many bytes as `from` has, 8, 4, 2 or 1, lie in a writable mapping at `to`, which is a multiple of that number.
#[inline(always)]
unsafe fn store_piece(from: &[u8], to: NonNull<u8>) {
    match from.len() {
        8 => atomic!(AtomicU64, to).store(u64::from_ne_bytes(array(from)), Ordering::Relaxed),
        4 => atomic!(AtomicU32, to).store(u32::from_ne_bytes(array(from)), Ordering::Relaxed),
        2 => atomic!(AtomicU16, to).store(u16::from_ne_bytes(array(from)), Ordering::Relaxed),
        _ => atomic!(AtomicU8, to).store(u8::from_ne_bytes(array(from)), Ordering::Relaxed),
    }
}

#[inline(always)]
fn fill<const N: usize>(to: &mut [MaybeUninit<u8>], bytes: [u8; N]) {
    for (to, byte) in to.iter_mut().zip(bytes) {
        to.write(byte);
    }
}

#[inline(always)]
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("as long as the piece")
}

#[cfg(test)]
mod tests {
    use std::ptr::NonNull;

    use super::{Memory, PhantomData, Record, ShmRecord, width};
    use crate::record::ShmField;
    use crate::{FieldType, RecordLayout};

    /// `N` bytes without an alignment, which may lie anywhere.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Bytes<const N: usize>([u8; N]);

    // SAFETY: bytes are their own wire type.
    unsafe impl<const N: usize> ShmField for Bytes<N> {
        const TYPE: FieldType<'static> = FieldType::record(Self::LAYOUT);
        const ANY_BITS: bool = true;
        const PADDED: bool = false;
        type Wire = [u8; N];

        fn to_wire(&self) -> [u8; N] {
            self.0
        }

        fn from_wire(wire: [u8; N]) -> Self {
            Self(wire)
        }
    }

    impl<const N: usize> ShmRecord for Bytes<N> {
        #[expect(clippy::cast_possible_truncation, reason = "at most 40")]
        const LAYOUT: &'static RecordLayout<'static> = &RecordLayout::new("Bytes", N as u32, 1, &[], "");
    }

    /// At every distance from a multiple of 8, in the middle of bytes that must stay as they are.
    fn in_every_place<const N: usize>() {
        for shift in 0..8 {
            let mut words = [u64::MAX; 8];
            let start = 8 + shift;
            let first = NonNull::from(&mut words).cast::<u8>();
            // SAFETY: inside the array, which has 64 bytes.
            let first = unsafe { first.add(start) };
            let record = Record { first, memory: PhantomData::<&Memory<Bytes<N>>> };
            assert_eq!(record.load().unwrap(), Bytes([0xff; N]));
            let value = Bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
            record.store(&value);
            assert_eq!(record.load().unwrap(), value, "{N} bytes, {shift} from a word");
            let bytes = words.map(u64::to_ne_bytes).concat();
            assert_eq!(bytes[start..start + N], value.0, "{N} bytes, {shift} from a word");
            let others = [&bytes[..start], &bytes[start + N..]].concat();
            assert!(others.iter().all(|&byte| byte == 0xff), "{N} bytes, {shift} from a word: {others:?}");
        }
    }

    macro_rules! in_every_place {
        ($($size:literal)+) => {$(in_every_place::<$size>();)+};
    }

    #[test]
    fn records_of_every_size_lie_in_every_place_and_touch_nothing_else() {
        in_every_place!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
        in_every_place!(21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40);
    }

    #[test]
    fn pieces_are_aligned_inside_and_as_wide_as_can_be() {
        for address in 1..=64_usize {
            let first = NonNull::new(std::ptr::without_provenance_mut(address)).unwrap();
            for left in 1..=40 {
                let width = width(first, left);
                assert!(width.is_power_of_two() && width <= 8 && width <= left);
                assert!(address.is_multiple_of(width));
                let wider = width * 2;
                assert!(wider > 8 || wider > left || !address.is_multiple_of(wider));
            }
        }
    }
}

//! One record on its way between a slot and a Rust value: private memory, attempts, validation. Relies on `record` for the
//! type's bytes and on `table` for the slot; knows no names.

#![expect(unsafe_code, reason = "one piece of memory seen as words, as bytes and as the wire type")]

use std::mem::MaybeUninit;
use std::time::Duration;

use zerocopy::TryFromBytes;

use crate::deadline::Deadline;
use crate::guard::batch::Batch;
use crate::guard::copy;
use crate::invalid::invalid_field;
use crate::record::ShmRecord;
use crate::sync::AtomicU64;
use crate::table::Slot;

/// Words that go on in registers at most.
const FEW: usize = 32;
/// Attempts of a read between two pauses.
pub(crate) const BURST: u32 = 64;

/// Why a slot gave no value.
#[derive(Debug)]
pub(crate) enum Unread {
    /// No attempt up to the timeout found the slot at rest.
    Contended { attempts: u64 },
    /// The path of the first field whose bytes are no value, and whether they were ever written: zeros may be none.
    Invalid { field: String, is_written: bool },
}

/// Room for the wire form of a `T`, rounded up to whole words, on a cache line of its own.
#[repr(C, align(64))]
pub(crate) struct Buffer<T: ShmRecord> {
    wire: MaybeUninit<T::Wire>,
}

impl<T: ShmRecord> Buffer<T> {
    /// Bytes of a record.
    const BYTES: usize = size_of::<T::Wire>();
    /// Words of a cell.
    pub(crate) const WORDS: usize = Self::BYTES.div_ceil(8);
    /// Whether a `T` in memory is a row of words, so that they can be copied between a slot and it without a buffer.
    const IS_WORDS: bool = align_of::<T>() >= 8;
    /// Whether a record that is read goes on in registers, of which only what is used of it is loaded at all. A larger one is to
    /// be copied by wide moves, and once.
    const READ_IN_REGISTERS: bool = Self::WORDS <= FEW;
    /// Whether one that is written is held in registers between log and cell.
    const WRITTEN_FROM_REGISTERS: bool = Self::BYTES <= 128;
    /// What the rest of this module relies on; every use of a Buffer evaluates it.
    const CHECKED: () = {
        assert!(size_of::<T::Wire>() == size_of::<T>(), "the wire type has the record's size");
        assert!(T::LAYOUT.size as usize == size_of::<T>(), "LAYOUT has the record's size");
        assert!(T::LAYOUT.align as usize == align_of::<T>(), "LAYOUT has the record's alignment");
        assert!(size_of::<Self>() >= Self::WORDS * 8);
    };

    /// Nothing in it yet.
    #[inline(always)]
    pub(crate) const fn empty() -> Self {
        const { Self::CHECKED };
        Self { wire: MaybeUninit::uninit() }
    }

    /// The words of this value, its own or here; padding and what is behind the last byte are zeros.
    #[inline(always)]
    pub(crate) fn words_from<'a>(&'a mut self, value: &'a T) -> &'a [u64] {
        const { Self::CHECKED };
        if const { Self::IS_WORDS && !T::PADDED && !Self::WRITTEN_FROM_REGISTERS } {
            // SAFETY:
            // - a T starts on a multiple of 8 and consists of WORDS words (IS_WORDS);
            // - all of its bytes are initialised, because all belong to a field (PADDED, the promise of ShmField);
            // - it is not changed while the slice lives.
            return unsafe { std::slice::from_raw_parts((&raw const *value).cast(), Self::WORDS) };
        }
        if !Self::BYTES.is_multiple_of(8) {
            self.words()[Self::WORDS - 1].write(0);
        }
        self.wire.write(value.to_wire());
        // SAFETY:
        // - the buffer holds WORDS words (CHECKED) and is aligned to 64;
        // - every byte of them is initialised: the first BYTES by the wire value, which is IntoBytes and so has no
        //   uninitialised byte, the others, all in the last word, by the store of zero before it;
        // - the buffer is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts((&raw const *self).cast::<u64>(), Self::WORDS) }
    }

    /// The words, to be filled.
    #[inline(always)]
    pub(crate) fn words(&mut self) -> &mut [MaybeUninit<u64>] {
        // SAFETY: the buffer holds WORDS words (CHECKED) and is aligned to 64; MaybeUninit asks nothing of their bytes;
        // `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast::<MaybeUninit<u64>>(), Self::WORDS) }
    }

    /// The words of a value that is to be made there, if any words are one.
    #[inline(always)]
    pub(crate) fn words_of(place: &mut MaybeUninit<T>) -> Option<&mut [MaybeUninit<u64>]> {
        const { Self::CHECKED };
        if const { Self::IS_WORDS && T::ANY_BITS } {
            // SAFETY: a T starts on a multiple of 8 and consists of WORDS words (IS_WORDS); MaybeUninit asks nothing of them;
            // `place` is borrowed for as long as the slice.
            return Some(unsafe { std::slice::from_raw_parts_mut((&raw mut *place).cast(), Self::WORDS) });
        }
        None
    }

    /// The place of a value that is to be overwritten.
    ///
    /// # Safety
    /// Only values are stored there, or words that [`Buffer::words_of`] gave.
    #[inline(always)]
    pub(crate) unsafe fn place_of(value: &mut T) -> &mut MaybeUninit<T> {
        // SAFETY: both have one layout, and the caller keeps it a value: any words are one where there are words (ANY_BITS, the
        // promise of ShmField).
        unsafe { &mut *(&raw mut *value).cast() }
    }

    /// As [`Buffer::place_of`], of many.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn places_of(values: &mut [T]) -> &mut [MaybeUninit<T>] {
        // SAFETY: as there.
        unsafe { &mut *(&raw mut *values as *mut [MaybeUninit<T>]) }
    }

    /// The record's bytes, to be filled: the same memory as the words.
    #[inline(always)]
    pub(crate) fn bytes_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the buffer begins with BYTES bytes; MaybeUninit asks nothing of them; `self` is borrowed for as long as
        // the slice.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast::<MaybeUninit<u8>>(), Self::BYTES) }
    }

    /// The record in this slot and its version, if the slot is at rest and its bytes are a value.
    #[inline(always)]
    pub(crate) fn read_at_rest(slot: &Slot<'_>) -> Option<(T, u64)> {
        let mut buffer = Self::empty();
        let version = slot.read_at_rest(|cell| load(&cell[..Self::WORDS], buffer.words()))?;
        // SAFETY: a successful read has written all WORDS words.
        let value = unsafe { buffer.value() }?;
        Some((value, version))
    }

    /// As [`Buffer::read_at_rest`], to `out`, straight if any words are a value. `false`: `out` is some value or other.
    #[inline(always)]
    pub(crate) fn read_at_rest_into(slot: &Slot<'_>, out: &mut T) -> bool {
        // SAFETY: a value is stored there, or words.
        Self::fill(slot, unsafe { Self::place_of(out) })
    }

    /// As [`Buffer::read_at_rest`] or, if that finds none, as `otherwise` gives it.
    #[inline(always)]
    pub(crate) fn read_or<E>(
        slot: Option<Slot<'_>>,
        otherwise: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let read = || slot.and_then(|slot| Self::read_at_rest(&slot)).map(|(value, _)| value);
        let fill = |place: &mut MaybeUninit<T>| slot.is_some_and(|slot| Self::fill(&slot, place));
        // SAFETY: when `fill` says so, it has.
        unsafe { Self::value_or(read, fill, otherwise) }
    }

    /// What `read` gives of a record that goes on in registers, or `fill` puts to its place of a larger one, `true` when it has; or
    /// else what `otherwise` gives.
    ///
    /// # Safety
    /// There is a value in the place when `fill` says `true`.
    #[inline(always)]
    pub(crate) unsafe fn value_or<E>(
        read: impl FnOnce() -> Option<T>,
        fill: impl FnOnce(&mut MaybeUninit<T>) -> bool,
        otherwise: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut place = MaybeUninit::uninit();
        if const { Self::READ_IN_REGISTERS } {
            if let Some(value) = read() {
                return Ok(value);
            }
            Self::put(&mut place, otherwise)?;
        } else if !fill(&mut place) {
            Self::put(&mut place, otherwise)?;
        }
        // SAFETY: filled, as the caller promises, or put there.
        Ok(unsafe { place.assume_init() })
    }

    /// Puts what `give` gives there. Out of the way of the compiler: a value that nearly always comes from registers, or from
    /// elsewhere, does not go through memory because of this one.
    #[cold]
    #[inline(never)]
    fn put<E>(place: &mut MaybeUninit<T>, give: impl FnOnce() -> Result<T, E>) -> Result<(), E> {
        place.write(give()?);
        Ok(())
    }

    /// Puts the record in this slot there. `false`: the slot is not at rest, or its bytes are no value; what is there are words, or
    /// nothing changed.
    #[inline(always)]
    pub(crate) fn fill(slot: &Slot<'_>, place: &mut MaybeUninit<T>) -> bool {
        if let Some(to) = Self::words_of(place) {
            return slot.read_at_rest(|cell| copy::load(&cell[..Self::WORDS], to)).is_some();
        }
        Self::read_at_rest(slot).map(|(value, _)| place.write(value)).is_some()
    }

    /// The record in this slot and its version, with as many attempts as the timeout allows.
    pub(crate) fn read(slot: &Slot<'_>, timeout: Duration) -> Result<(T, u64), Unread> {
        let mut buffer = Self::empty();
        let version = match slot.view() {
            None => attempts(timeout, || read_words(slot, buffer.words()))?,
            Some(view) => {
                let version = attempts(timeout, || read_words(slot, &mut buffer.words()[..view.words()]))?;
                for (gap, lacking) in view.gaps() {
                    for (byte, &lacking) in buffer.bytes_mut()[gap].iter_mut().zip(lacking) {
                        byte.write(lacking);
                    }
                }
                version
            }
        };
        // SAFETY: a successful read has written all WORDS words; or those of the view, every byte behind which is in a gap.
        let value = unsafe { buffer.decoded(version > 0) }?;
        Ok((value, version))
    }

    /// The record at this index as the batch has it; `None` when it does not.
    pub(crate) fn read_batch(batch: &Batch<'_>, index: u64) -> Option<Result<T, Unread>> {
        let mut buffer = Self::empty();
        // SAFETY: a successful `get` has written all WORDS words.
        batch.get(index, buffer.words()).then(|| unsafe { buffer.decoded(true) })
    }

    /// The value in the buffer, or the first field whose bytes are none.
    ///
    /// # Safety
    /// The record's BYTES bytes have been written.
    #[inline(always)]
    pub(crate) unsafe fn decoded(&self, is_written: bool) -> Result<T, Unread> {
        // SAFETY: the caller's promise.
        unsafe { self.value() }.ok_or_else(|| {
            // SAFETY: as before.
            let bytes = unsafe { self.bytes() };
            Unread::Invalid { field: invalid_field(T::LAYOUT, bytes, 0), is_written }
        })
    }

    /// The value in the buffer, if it is one.
    ///
    /// # Safety
    /// The record's BYTES bytes have been written.
    #[inline(always)]
    unsafe fn value(&self) -> Option<T> {
        if const { T::ANY_BITS } {
            // SAFETY: the caller has written all bytes of a T; any are one (ANY_BITS, the promise of ShmField), and the
            // wire type has a T's size and alignment.
            return Some(unsafe { (&raw const self.wire).cast::<T>().read() });
        }
        // SAFETY: the caller's promise.
        let bytes = unsafe { self.bytes() };
        T::Wire::try_read_from_bytes(bytes).ok().map(T::from_wire)
    }

    /// The record's bytes.
    ///
    /// # Safety
    /// The record's BYTES bytes have been written.
    #[inline(always)]
    unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer begins with the BYTES bytes, which the caller has written.
        unsafe { std::slice::from_raw_parts((&raw const *self).cast::<u8>(), Self::BYTES) }
    }
}

/// Copies words out that go on from there: few in registers, many by wide moves.
#[inline(always)]
pub(crate) fn load(from: &[AtomicU64], to: &mut [MaybeUninit<u64>]) {
    if from.len() <= FEW { copy::load_values(from, to) } else { copy::load(from, to) }
}

/// The bytes of the record in this slot, as many as `out` is long, and its version. `out` is at most a cell long.
pub(crate) fn read_bytes(slot: &Slot<'_>, timeout: Duration, out: &mut [u8]) -> Result<u64, Unread> {
    bytes_of(out, |words| attempts(timeout, || read_words(slot, words)))
}

/// As [`read_bytes`], in one attempt, which a slot that is at rest lets succeed.
pub(crate) fn read_bytes_at_rest(slot: &Slot<'_>, out: &mut [u8]) -> Option<u64> {
    bytes_of(out, |words| slot.read_at_rest(|cell| copy::load(&cell[..words.len()], words)).ok_or(())).ok()
}

/// One attempt to read the first words of the record in this slot, whatever state the writer left it in: its version.
fn read_words(slot: &Slot<'_>, out: &mut [MaybeUninit<u64>]) -> Option<u64> {
    slot.read(|cell| copy::load(&cell[..out.len()], out))
}

/// The bytes of the words that `read` fills, all of them when it succeeds.
fn bytes_of<E>(
    out: &mut [u8],
    read: impl FnOnce(&mut [MaybeUninit<u64>]) -> Result<u64, E>,
) -> Result<u64, E> {
    let mut words = vec![MaybeUninit::uninit(); out.len().div_ceil(8)];
    let version = read(&mut words)?;
    for (bytes, word) in out.chunks_mut(8).zip(&words) {
        // SAFETY: a successful read has written every word.
        let word = unsafe { word.assume_init() };
        bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
    }
    Ok(version)
}

/// Bursts of attempts with growing pauses between them, until one succeeds or the timeout.
///
/// Beside a writer that never pauses an attempt succeeds when the slot's cache lines are already here, which those of the
/// attempts before have seen to: so a pause is followed by many, not by one.
pub(crate) fn attempts<R>(timeout: Duration, mut attempt: impl FnMut() -> Option<R>) -> Result<R, Unread> {
    // For reads that are patient by rule and not by need: it costs less than asking the clock.
    if let Some(result) = attempt() {
        return Ok(result);
    }
    let mut deadline = Deadline::after(timeout);
    let mut attempts = 1;
    loop {
        for _ in 0..BURST {
            attempts += 1;
            if let Some(result) = attempt() {
                return Ok(result);
            }
            // Asked each time: what a log claims to hold can make an attempt long.
            if deadline.is_over() {
                return Err(Unread::Contended { attempts });
            }
        }
        deadline.pause();
    }
}

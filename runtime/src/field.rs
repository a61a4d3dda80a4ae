//! One field of a record on its way out of a slot: only the words that it lies in are copied. Relies on `buffer` for attempts and
//! copies, on `table` for the slot; knows no names.

#![expect(unsafe_code, reason = "one piece of memory seen as words, as bytes and as a value")]

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::time::Duration;

use zerocopy::TryFromBytes;

use crate::buffer::{Unread, attempts, load};
use crate::invalid::invalid_field;
use crate::record::{ShmField, ShmRecord};
use crate::table::Slot;
use crate::view::View;

/// Where a `T` has a field, or a field of a record inside it, that is an `F`: what [`field!`](crate::field!) gives, for
/// [`Reader::read_field`](crate::Reader::read_field).
pub struct Field<T, F> {
    offset: usize,
    types: PhantomData<fn(T) -> F>,
}

/// The place of a field in a record, a [`Field`], checked by the compiler: `field!(Quote, price)`, and of a record inside
/// it `field!(Book, best.price)`. A constant of any crate that may name the field.
///
/// ```
/// use shmrecord::{Field, Reader, ShmRecord, Writer, field};
///
/// #[derive(ShmRecord, Clone, Copy)]
/// #[repr(C)]
/// struct Level { price: f64, volume: i64 }
///
/// #[derive(ShmRecord, Clone, Copy)]
/// #[repr(C)]
/// struct Book { levels: [Level; 100], best: Level, is_open: bool }
///
/// const BEST_PRICE: Field<Book, f64> = field!(Book, best.price);
///
/// # let address = format!("posix:/doc-field-{}", std::process::id());
/// # let mut writer = Writer::<Book>::create(&address, 100)?;
/// # let level = Level { price: 2.5, volume: 100 };
/// writer.write(7, &Book { levels: [level; 100], best: level, is_open: true })?;
/// let reader = Reader::<Book>::open(&address)?;
/// assert_eq!(reader.read_field(7, BEST_PRICE)?, 2.5); // 8 bytes copied, not 1624
/// assert!(reader.read_field(7, field!(Book, is_open))?);
/// # shmrecord::remove(&address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
#[macro_export]
macro_rules! field {
    ($record:ty, $($name:ident).+ $(,)?) => {
        const {
            $crate::Field::__new(
                ::core::mem::offset_of!($record, $($name).+),
                // Never called: it tells the field's type.
                |record: &$record| &record.$($name).+,
            )
        }
    };
}

/// Room for the words that an `F` lies in, one more than it is long where it begins within one; on a cache line of its own.
#[repr(C, align(64))]
struct Room<F: ShmField> {
    wire: MaybeUninit<F::Wire>,
    more: [MaybeUninit<u64>; 2],
}

impl<T: ShmRecord, F: ShmField> Field<T, F> {
    /// For [`field!`](crate::field!).
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(offset: usize, _: fn(&T) -> &F) -> Self {
        assert!(size_of::<F::Wire>() == size_of::<F>(), "the wire type has the field's size");
        assert!(
            offset <= size_of::<T>() && size_of::<F>() <= size_of::<T>() - offset,
            "a field lies in its record"
        );
        Self { offset, types: PhantomData }
    }

    /// The words of a cell that it lies in.
    #[inline(always)]
    const fn words(self) -> Range<usize> {
        self.offset / 8..(self.offset + size_of::<F>()).div_ceil(8)
    }

    /// The field of the record in this slot, if the slot is at rest and the field's bytes are a value. There is no view.
    #[inline(always)]
    pub(crate) fn read_at_rest(self, slot: &Slot<'_>) -> Option<F> {
        let mut room = Room::<F>::empty();
        slot.read_at_rest(|cell| load(&cell[self.words()], room.words(self.words().len())))?;
        // SAFETY: a successful read has written all words that the field lies in.
        unsafe { room.value(self.offset % 8) }
    }

    /// The field of the record in this slot, with as many attempts as the timeout allows.
    pub(crate) fn read(self, slot: &Slot<'_>, timeout: Duration) -> Result<F, Unread> {
        let words = self.words();
        let there = slot.view().map_or(usize::MAX, View::words);
        let copied = words.start.min(there)..words.end.min(there);
        let mut room = Room::<F>::empty();
        let out = room.words(copied.len());
        let version = attempts(timeout, || slot.read(|cell| load(&cell[copied.clone()], out)))?;
        let (start, end) = (words.start * 8, words.end * 8);
        for (gap, lacking) in slot.view().into_iter().flat_map(View::gaps) {
            for at in gap.start.max(start)..gap.end.min(end) {
                room.bytes_mut()[at - start].write(lacking[at - gap.start]);
            }
        }
        // SAFETY: a successful read has written all words that the field lies in; or those of the view, and every byte of the
        // record behind them is in a gap.
        unsafe { room.value(self.offset % 8) }.ok_or_else(|| {
            // SAFETY: as before.
            let bytes = unsafe { room.bytes(self.offset % 8) };
            Unread::Invalid { field: invalid_field(T::LAYOUT, bytes, self.offset), is_written: version > 0 }
        })
    }
}

impl<F: ShmField> Room<F> {
    /// Nothing in it yet.
    #[inline(always)]
    const fn empty() -> Self {
        Self { wire: MaybeUninit::uninit(), more: [MaybeUninit::uninit(); 2] }
    }

    /// So many words, to be filled.
    #[inline(always)]
    fn words(&mut self, count: usize) -> &mut [MaybeUninit<u64>] {
        assert!(count <= size_of::<Self>() / 8);
        // SAFETY: the room holds as many words (the assertion) and is aligned to 64; MaybeUninit asks nothing of their bytes;
        // `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast(), count) }
    }

    /// All bytes, to be filled: the same memory as the words.
    fn bytes_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: all of the room; MaybeUninit asks nothing of its bytes; `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *self).cast(), size_of::<Self>()) }
    }

    /// The value behind `skip` bytes, if it is one.
    ///
    /// # Safety
    /// Its bytes have been written.
    #[inline(always)]
    unsafe fn value(&self, skip: usize) -> Option<F> {
        // SAFETY: the caller's promise.
        let bytes = unsafe { self.bytes(skip) };
        if const { F::ANY_BITS } {
            // SAFETY: any bytes of an F's size are one (ANY_BITS, the promise of ShmField), wherever they lie.
            return Some(unsafe { bytes.as_ptr().cast::<F>().read_unaligned() });
        }
        F::Wire::try_read_from_bytes(bytes).ok().map(F::from_wire)
    }

    /// The bytes of the value behind `skip` bytes.
    ///
    /// # Safety
    /// They have been written.
    #[inline(always)]
    unsafe fn bytes(&self, skip: usize) -> &[u8] {
        assert!(skip < 8);
        // SAFETY: inside the room, which is 16 bytes longer than an F at least.
        let first = unsafe { (&raw const *self).cast::<u8>().add(skip) };
        // SAFETY: as before; the caller's promise. `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts(first, size_of::<F>()) }
    }
}

impl<T, F> Clone for Field<T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for Field<T, F> {}

impl<T, F> fmt::Debug for Field<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("offset", &self.offset).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::record::ShmField;

    /// The value behind `skip` bytes of these words.
    fn value<F: ShmField>(words: &[u64], skip: usize) -> Option<F> {
        let mut room = Room::<F>::empty();
        for (to, from) in room.words(words.len()).iter_mut().zip(words) {
            to.write(*from);
        }
        assert!(skip + size_of::<F>() <= words.len() * 8);
        // SAFETY: inside the words that were written, by the assertion.
        unsafe { room.value(skip) }
    }

    #[test]
    fn a_value_may_begin_anywhere_in_its_words() {
        let words = [0x0100_0101_0706_0504, 0x0201];
        assert_eq!(value::<u64>(&words, 0), Some(words[0]));
        assert_eq!(value::<u16>(&words, 2), Some(0x0706));
        assert_eq!(value::<[u8; 3]>(&words, 7), Some([1, 1, 2]));
        assert_eq!(value::<[bool; 5]>(&words, 4), Some([true, true, false, true, true]));
        assert_eq!(value::<[bool; 6]>(&words, 4), None, "2 is none");
        assert_eq!(value::<[bool; 1]>(&words, 3), None, "7 is none");
    }
}

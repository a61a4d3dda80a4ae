//! `#[derive(ShmRecord)]`: a struct's layout as constants, and its bytes without padding; `#[derive(ShmEnum)]`,
//! `#[open_enum]` and `#[flags]`: integers with names, for its fields.
//!
//! Four rooms, passed in this order:
//!
//! | module | what it does |
//! |---|---|
//! | `input` | reads the struct into what the derive needs to know of it |
//! | `attr` | reads `#[shm(...)]`, `#[repr(...)]` and `///`, for `input`; `facts` and `number` read and write what is said of numbers |
//! | `check` | refuses what cannot be a record, as far as tokens show it |
//! | `expand` | writes the implementations, in which the compiler checks the rest; `wire` writes the wire twin |
//!
//! `enums` is a house of the same rooms for enums and flags.
//!
//! Problems are gathered in `errors` and reported together. The crate names `::shmrecord` in its output and imports
//! nothing of it; it knows no sizes, offsets or alignments: those are constants that the compiler fills in.

mod attr;
mod check;
mod enums;
mod errors;
mod expand;
mod facts;
mod input;
mod number;
mod types;
mod wire;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use enums::Form;
use errors::Errors;
use input::Record;

/// Makes a struct a record: implements `ShmRecord` and `ShmField`.
///
/// The struct is `#[repr(C)]` (with `align(N)` up to 4096 if wanted), `Clone` and `Copy`, not generic, and has named
/// fields of the types that implement `ShmField`: `u8` to `u64`, `i8` to `i64`, `f32`, `f64`, `bool`, arrays of these
/// in up to four dimensions, enums and flags (`ShmEnum`, `open_enum`, `flags`), and other records. Padding may be left
/// to the compiler; it is written as zeros.
///
/// ```
/// use shmrecord::ShmRecord;
///
/// /// Last trade of one instrument.
/// #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
/// #[repr(C)]
/// pub struct MarketData {
///     /// NUL-padded ticker
///     #[shm(text)]
///     pub symbol: [u8; 10],
///     #[shm(unit = "USD")]
///     pub price: f64,
///     pub volume: i64,
/// }
///
/// assert_eq!(MarketData::LAYOUT.size, 32);
/// assert_eq!(MarketData::LAYOUT.fields[1].offset, 16);
/// ```
///
/// # Attributes
///
/// | on | attribute | meaning |
/// |---|---|---|
/// | the struct | `#[shm(name = "Quote")]` | name of the record; the struct's own without it |
/// | the struct | `#[shm(version = 3)]` | version of its schema, which `since` and `deprecated` refer to |
/// | the struct | `#[shm(crate = "path::to::shmrecord")]` | where to find this library when it is re-exported or renamed |
/// | a field | `#[shm(name = "type")]` | name of the field in schemas; the struct's own without it |
/// | a field | `#[shm(text)]` | `[u8; N]` holds NUL-padded text |
/// | a field | `#[shm(unit = "USD")]` | unit of the values |
/// | a field | `#[shm(exp = -9)]` | its integers count units of ten to this power: billionths |
/// | a field | `#[shm(time = "unix_ns")]` | its integers are moments: `unix_s`, `unix_ms`, `unix_us`, `unix_ns`, `monotonic_ns` |
/// | a field | `#[shm(null = "max")]` | the number that stands for "no value": one, or `"min"`, `"max"`, `"nan"` |
/// | a field | `#[shm(min = 0, max = 10)]` | the least and the greatest number that is meant |
/// | a field | `#[shm(since = 2)]` | the version that brought it |
/// | a field | `#[shm(deprecated = 3)]` | the version from which on it should not be used; its bytes stay |
/// | a field | `#[shm(padding)]` | `Reserved<N>` is room that no field uses: in no layout, always zero |
///
/// `///` lines become the documentation that a segment carries along. What is said of numbers is said, not enforced:
/// tools that print a table use it, and who attaches must agree on `unit`, `exp`, `time` and `null`. Rust's own
/// `#[deprecated]` warns who names the field, and is no part of the layout: its `since` is the version of a crate.
///
/// What contradicts itself does not compile: a `null` that is a value too, because it is between `min` and `max` or the
/// field's enum has it; a field with `since` above 1 of which zeros, which older programs left there, are no value; one that
/// stands elsewhere than it did before the later fields in front of it came. Of what a record was in other versions
/// the derive knows nothing but `since`, and where padding is written out it takes the place for what it was: whether
/// programs of both versions share tables is compared by `ipcgen check`, and by those who attach.
#[proc_macro_derive(ShmRecord, attributes(shm))]
pub fn derive_shm_record(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into()).into()
}

/// Makes an enum a field: a closed one, whose other integers are no values.
///
/// The enum is `#[repr(u8)]`, or another of `u8` to `u64` and `i8` to `i64`, `Clone` and `Copy`, and every value has
/// its number. Reading a record fails with `InvalidBits` when the integer is none of them: of what may grow make an
/// `open_enum`. A record that was never written is zeros: without a value that is 0, reading that fails as well.
///
/// ```
/// use shmrecord::{ShmEnum, ShmRecord};
///
/// #[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
/// #[repr(u8)]
/// pub enum Phase {
///     Closed = 0,
///     Auction = 1,
///     Continuous = 2,
/// }
///
/// #[derive(ShmRecord, Clone, Copy)]
/// #[repr(C)]
/// pub struct Book {
///     pub phase: Phase,
///     pub last: [Phase; 3],
/// }
///
/// assert_eq!(Phase::LAYOUT.values[1].name, "Auction");
/// assert_eq!(Book::LAYOUT.size, 4);
/// ```
///
/// `#[shm(name = "...")]` on the enum or a value gives its name in schemas, `#[shm(crate = "...")]` the path of the
/// library, and `///` the documentation that a segment carries along.
#[proc_macro_derive(ShmEnum, attributes(shm))]
pub fn derive_shm_enum(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    enums::closed(item.into()).into()
}

/// Makes of an enum a newtype of its integer that is a field: an open one, whose other integers are values too, and survive.
///
/// The values become constants. The type is `Clone`, `Copy`, comparable and hashed by its integer, which is its public field;
/// `Debug` prints the name, or the number without one. Further derives go on to it. Attributes as for `ShmEnum`.
///
/// ```
/// /// Who wanted it.
/// #[shmrecord::open_enum]
/// #[repr(u8)]
/// pub enum Side {
///     BID = b'B',
///     ASK = b'A',
/// }
///
/// assert_eq!((Side::BID.0, Side(b'A')), (66, Side::ASK));
/// assert_eq!(format!("{:?} {:?}", Side::BID, Side(7)), "BID 7");
/// assert_eq!((Side::BID.name(), Side(7).name()), (Some("BID"), None));
/// ```
#[proc_macro_attribute]
pub fn open_enum(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    enums::newtype(arguments.into(), item.into(), Form::Open).into()
}

/// Makes of an enum a newtype of its integer that is a field: a set of flags. The values are positions of bits, 0 for the
/// lowest; bits without a name survive.
///
/// As `open_enum`, and with `empty`, `all`, `bits`, `from_bits`, `is_empty`, `contains`, `intersects`, `union`,
/// `insert`, `remove`, `|` and `&`. `Debug` prints the names.
///
/// ```
/// #[shmrecord::flags]
/// #[repr(u16)]
/// pub enum BookFlags {
///     SNAPSHOT = 0,
///     STALE = 1,
/// }
///
/// let mut flags = BookFlags::SNAPSHOT | BookFlags::STALE;
/// assert!(flags.contains(BookFlags::STALE));
/// flags.remove(BookFlags::STALE);
/// assert_eq!(flags.bits(), 1);
/// assert_eq!(format!("{:?}", flags | BookFlags::from_bits(0x8000)), "SNAPSHOT|0x8000");
/// ```
#[proc_macro_attribute]
pub fn flags(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    enums::newtype(arguments.into(), item.into(), Form::Flags).into()
}

fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let record = Record::read(&node, &mut errors);
    check::record(&node, &record, &mut errors);
    let errors = errors.into_compile_errors();
    if errors.is_empty() { expand::record(&record) } else { expand::stub(&record, &node.generics, &errors) }
}

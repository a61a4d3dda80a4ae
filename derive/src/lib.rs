//! `#[derive(ShmRecord)]`: a struct's layout as constants, and its bytes without padding.
//!
//! Four rooms, passed in this order:
//!
//! | module | what it does |
//! |---|---|
//! | `input` | reads the struct into what the derive needs to know of it |
//! | `attr` | reads `#[shm(...)]`, `#[repr(...)]` and `///`, for `input` |
//! | `check` | refuses what cannot be a record, as far as tokens show it |
//! | `expand` | writes the implementations, in which the compiler checks the rest; `wire` writes the wire twin |
//!
//! Problems are gathered in `errors` and reported together. The crate names `::shmrecord` in its output and imports
//! nothing of it; it knows no sizes, offsets or alignments: those are constants that the compiler fills in.

mod attr;
mod check;
mod errors;
mod expand;
mod input;
mod types;
mod wire;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use errors::Errors;
use input::Record;

/// Makes a struct a record: implements `ShmRecord` and `ShmField`.
///
/// The struct is `#[repr(C)]` (with `align(N)` up to 4096 if wanted), `Clone` and `Copy`, not generic, and has named
/// fields of the types that implement `ShmField`: `u8` to `u64`, `i8` to `i64`, `f32`, `f64`, `bool`, arrays of these in
/// up to four dimensions, and other records. Padding may be left to the compiler; it is written as zeros.
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
/// | the struct | `#[shm(crate = "path::to::shmrecord")]` | where to find this library when it is re-exported or renamed |
/// | a field | `#[shm(text)]` | `[u8; N]` holds NUL-padded text |
/// | a field | `#[shm(unit = "USD")]` | unit of the values |
/// | a field | `#[shm(padding)]` | `Reserved<N>` is room that no field uses: in no layout, always zero |
///
/// `///` lines become the documentation that a segment carries along.
#[proc_macro_derive(ShmRecord, attributes(shm))]
pub fn derive_shm_record(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(input.into()).into()
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

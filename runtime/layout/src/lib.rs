//! What a record looks like in memory, as plain data: the one layout engine behind the derive, `ipcgen` and the runtime.
//!
//! | module | what it settles |
//! |---|---|
//! | [`kind`] | the closed set of field kinds: size, alignment, stable tag |
//! | [`number`] | numbers of any kind in 64 bits |
//! | [`time`] | what integers count that are moments |
//! | [`named`] | [`EnumLayout`]: enums and flags as data |
//! | [`field`], [`record`] | [`FieldType`], [`FieldLayout`], [`RecordLayout`]: layouts as data |
//! | [`place`] | `repr(C)` placement of fields, for tools that have no compiler to ask |
//! | [`fingerprint`] | `layout_id`, `schema_id` and their prefix chains |
//! | [`describe`] | the field table that a segment carries: encoded, decoded with every bound checked |
//! | [`compat`] | where two described records part, in words, and which fields they share |
//! | [`abi`] | numbers of the segment header: magic, version, offsets |
//!
//! It relies on `core` and, for [`describe`] and [`compat`], on `alloc`. It does not know an operating system, a schema
//! file, Rust or C syntax, or a byte of shared memory.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod abi;
pub mod compat;
pub mod describe;
pub mod field;
pub mod fingerprint;
pub mod kind;
pub mod named;
pub mod number;
pub mod place;
pub mod record;
pub mod time;

pub use field::{FieldLayout, FieldType, MAX_RANK};
pub use kind::Kind;
pub use named::{EnumLayout, Form, ValueLayout};
pub use number::Number;
pub use record::RecordLayout;
pub use time::Time;

//! What a record looks like in memory, as plain data: the one layout engine behind the derive, `ipcgen` and the runtime.
//!
//! | module | what it settles |
//! |---|---|
//! | [`kind`] | the closed set of field kinds: size, alignment, stable tag |
//! | [`record`] | [`RecordLayout`], [`FieldLayout`], [`FieldType`]: layouts as data |
//! | [`place`] | `repr(C)` placement of fields, for tools that have no compiler to ask |
//! | [`fingerprint`] | `layout_id`, `schema_id` and their prefix chains |
//! | [`describe`] | the field table that a segment carries: encoded, decoded with every bound checked |
//! | [`compat`] | the first difference between two described records, in words |
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
pub mod fingerprint;
pub mod kind;
pub mod place;
pub mod record;

pub use kind::Kind;
pub use record::{FieldLayout, FieldType, MAX_RANK, RecordLayout};

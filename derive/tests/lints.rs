//! What the derive writes is silent in a crate with strict lints: this crate is one, so that it compiles is the test.
//! Relies on the compiler, and on clippy when that is run over the tests.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_qualifications,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    let_underscore_drop,
    trivial_casts,
    trivial_numeric_casts,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::allow_attributes_without_reason,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::panic,
    clippy::unwrap_used
)]
#![allow(clippy::redundant_pub_crate, reason = "contradicts unreachable_pub")]
#![forbid(unsafe_code)]

use shmrecord::{Reserved, ShmEnum, ShmRecord, flags, open_enum};

/// With padding, text, a unit, and names that need `r#`.
#[derive(Clone, Copy, Debug, PartialEq, ShmRecord)]
#[repr(C)]
#[shm(version = 3)]
pub struct Everything {
    /// Text.
    #[shm(text)]
    pub symbol: [u8; 10],
    /// A unit.
    #[shm(unit = "USD")]
    pub price: f64,
    /// A keyword.
    pub r#type: u8,
    /// Named like something in the output.
    pub wire: u16,
    /// Named like something in the output.
    _pad0: bool,
    /// Nested, in an array.
    pub levels: [[Level; 2]; 3],
    /// Room.
    #[shm(padding)]
    pub later: Reserved<6>,
    /// Old.
    #[deprecated]
    pub old: i8,
    /// A closed enum.
    pub phase: Phase,
    /// Open enums.
    pub sides: [Side; 2],
    /// Flags.
    pub state: State,
    /// Numbers.
    #[shm(exp = -9, null = "min", min = -1, max = 1, since = 2, deprecated = 3)]
    pub number: i64,
    /// A moment.
    #[shm(time = "unix_ns", since = 2)]
    pub at: u64,
    /// A float.
    #[shm(null = "nan", max = 0.5, since = 3)]
    pub ratio: f32,
}

/// A closed enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ShmEnum)]
#[repr(i32)]
pub enum Phase {
    /// A value.
    Closed = -1,
    /// Old.
    #[deprecated]
    Open = 1,
}

/// An open enum.
#[open_enum]
#[repr(u8)]
pub enum Side {
    /// A value.
    Bid = b'B',
    /// Old.
    #[deprecated]
    ASK = b'A',
}

/// Flags.
#[flags]
#[repr(u64)]
pub enum State {
    /// The lowest.
    STALE = 0,
    /// The highest.
    CROSSED = 63,
}

/// Aligned to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, ShmRecord)]
#[repr(C, align(64))]
pub struct Level {
    /// A value.
    pub price: f32,
}

mod inner {
    use shmrecord::{ShmRecord, open_enum};

    #[open_enum]
    #[repr(i8)]
    pub(super) enum Hidden {
        None = -1,
    }

    #[derive(Clone, Copy, Debug, ShmRecord)]
    #[repr(C)]
    pub(crate) struct Visible {
        pub(crate) byte: u8,
        pub(super) private: Private,
    }

    #[derive(Clone, Copy, Debug, ShmRecord)]
    #[repr(C)]
    pub(super) struct Private {
        pub(super) byte: u8,
    }
}

#[test]
fn records_of_every_visibility_are_silent() {
    #[derive(Clone, Copy, Debug, ShmRecord)]
    #[repr(C)]
    struct Local {
        visible: inner::Visible,
    }

    let local = Local { visible: inner::Visible { byte: 1, private: inner::Private { byte: 2 } } };
    assert_eq!((local.visible.byte, local.visible.private.byte), (1, 2));
    assert_eq!((Local::LAYOUT.size, Level::LAYOUT.align), (2, 64));
    let names = Everything::LAYOUT.fields.iter().map(|field| field.name);
    assert!(names.eq([
        "symbol", "price", "type", "wire", "_pad0", "levels", "old", "phase", "sides", "state", "number",
        "at", "ratio"
    ]));
}

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

use shmrecord::{Reserved, ShmRecord};

/// With padding, text, a unit, and names that need `r#`.
#[derive(Clone, Copy, Debug, PartialEq, ShmRecord)]
#[repr(C)]
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
}

/// Aligned to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, ShmRecord)]
#[repr(C, align(64))]
pub struct Level {
    /// A value.
    pub price: f32,
}

mod inner {
    use shmrecord::ShmRecord;

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
    assert!(names.eq(["symbol", "price", "type", "wire", "_pad0", "levels", "old"]));
}

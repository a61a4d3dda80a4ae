//! The records of `fixture.toml` that no other suite has, in Rust.

use shmrecord::{ShmEnum, ShmRecord};

/// A record in a record.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Lamp {
    #[shm(unit = "nm")]
    pub(crate) colour: u32,
    pub(crate) on: bool,
}

/// A record with bytes that are no value, and an alignment that neither ctypes nor Go has by itself.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lights {
    pub(crate) main: bool,
    pub(crate) lamps: [[Lamp; 2]; 3],
    #[shm(text)]
    pub(crate) name: [u8; 5],
}

/// A closed enum of several bytes.
#[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
#[repr(u16)]
pub(crate) enum Colour {
    Red = 1,
    Green = 300,
}

/// A record with some of it.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub(crate) struct Signal {
    pub(crate) count: u32,
    pub(crate) lamps: [Colour; 2],
}

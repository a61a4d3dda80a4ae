//! Who may write, and how a record is written and read whole: the protocol on borrowed atomics. Relies on `sync`; knows
//! no mapping, no header, no record type.
//!
//! | module | part |
//! |---|---|
//! | [`copy`] | words between a cell and private memory; its tests are in `copies` |
//! | [`record`] | version word and cells: write and read |
//! | [`log`] | the write-ahead log: filled, and read |
//! | [`batch`] | records that become new together, and recovery from the log |
//! | [`lock`] | whose turn it is, of many writers |
//! | [`doorbell`] | who publishes wakes who waits |
//! | [`role`] | the guard file: the kernel decides who may write |

pub(crate) mod batch;
#[cfg(test)]
mod copies;
pub(crate) mod copy;
pub(crate) mod doorbell;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod record;
pub(crate) mod role;

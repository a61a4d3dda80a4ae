//! Everything that can be wrong with a segment, its files, its names, the arguments and the machine: each has its kind of
//! error, leaves nothing behind and stops nobody. Relies on the public API, and on `docs/FORMAT.md` for what to break.

mod access;
mod arguments;
mod control_group;
mod damage;
mod deadlines;
mod description;
mod filters;
mod group;
mod guard;
mod handover;
mod hostile;
mod leftovers;
mod limits;
mod memfd;
mod memory;
mod names;
mod namespaces;
mod space;
#[path = "../../../runtime/tests/semaphore/storm.rs"]
mod storm;
mod sysv;
mod truncation;
mod turns;
mod waits;

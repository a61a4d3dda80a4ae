//! What every table does, whatever its kind, its cells and its arrangement. Relies on the public API; one suite for all
//! combinations.

mod batches;
mod fields;
mod following;
mod holes_and_enums;
mod lacking;
mod life;
mod meaning;
mod memory;
mod notifying;
mod records;
mod removal;
mod replacement;
mod roles;
mod scans;
mod semaphores;
mod shapes;
mod status;
mod values;
mod versions;
mod waiting;
mod writers;

//! Processes that die or stop at any moment: readers go on, the next process takes over, nothing is left behind. Relies on
//! the actor, which is really killed, and on `docs/FORMAT.md` for the states in between.
//!
//! `SHMRECORD_KILLS` is the number of kills of each test that kills at random; the seed is printed when one fails.

mod batch;
mod core;
mod creation;
mod fork;
mod midst;
mod prefix;
mod random;
mod replacement;
mod role;
mod transfers;
mod turns;
mod waits;
mod writing;

//! Fuzzing of everything that believes nothing, in Rust and in C at once: bytes that are arbitrary, or valid but for a few
//! changes. Each is answered by a value or a typed error, in time, with little memory, the same in both languages; readers
//! store nothing. Relies on `alone` for a process that may be killed by an input, on the C runtime under sanitizers, and
//! on the suite `languages` for its compilers and its record with every kind of field.
//!
//! | module | what is hostile |
//! |---|---|
//! | `segments` | a table: header, live words, log, description, versions, cells |
//! | `scribbler` | the words of a table while it is read and written |
//! | `turns` | a table of many writers with a doorbell, still and while it is worked with |
//! | `removal` | what is to be removed, whatever it is |
//! | `replacement` | what is to be replaced, whatever it is, with the values that can be made of it |
//! | `descriptions` | the bytes of a description |
//! | `messages` | a message of the hand-over, and the descriptors with it |
//! | `inheritance` | the variable that a child finds its memfds by |
//! | `adoption` | what is said of another program's segment |
//! | `schemas` | the text of a schema |
//! | `regressions` | (inputs that once showed a fault) |
//!
//! `table` is a table to be spoilt, `mutator` changes bytes, `run` takes one input after the other, `twin` asks the C program.

mod adoption;
mod descriptions;
mod inheritance;
#[path = "../languages/tools.rs"]
#[expect(dead_code, reason = "what only the suite languages uses")]
mod languages;
mod messages;
mod mutator;
#[path = "../../../ipcgen/tests/support/random.rs"]
#[expect(dead_code, reason = "what only those tests use")]
mod random;
mod regressions;
mod removal;
mod replacement;
mod run;
mod schemas;
mod scribbler;
mod segments;
mod table;
mod turns;
mod twin;

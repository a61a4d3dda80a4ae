//! What this process holds under a `memfd:` address, as open files behind the library's back. Relies on the hand-over to a
//! child, whose environment names descriptors as `docs/FORMAT.md` says; the child is never started.

use std::fs::File;
use std::process::Command;

use shmrecord::handover::{self, Share};

use crate::place::Part;

/// The variable that a child finds its memfds by.
pub const VARIABLE: &str = "SHMRECORD_MEMFD";

/// Segment or guard under this address, opened again for reading and writing; `None` when this process does not hold it.
///
/// # Panics
/// When the environment that a child would get is not as documented.
#[must_use]
pub fn open(address: &str, part: Part) -> Option<File> {
    let mut command = Command::new("true");
    handover::inherit(&mut command, address, Share::Writer).ok()?;
    let descriptors = descriptors(&command);
    let descriptor = match part {
        Part::Segment => descriptors.first()?,
        Part::Guard => descriptors.get(1)?,
    };
    let path = format!("/proc/self/fd/{descriptor}");
    Some(File::options().read(true).write(true).open(path).expect("an own memfd"))
}

/// The descriptors that this command's child is told of, for one table.
///
/// # Panics
/// When it is told of none.
#[must_use]
pub fn descriptors(command: &Command) -> Vec<i32> {
    let variable = command.get_envs().find(|(name, _)| *name == VARIABLE).and_then(|(_, text)| text);
    let text = variable.and_then(|text| text.to_str()).expect("the variable is set");
    let (descriptors, _) = text.split_once('=').expect("descriptors and a name");
    let number = |words: &str| words.split(':').next().and_then(|number| number.parse().ok());
    descriptors.split(',').map(|words| number(words).expect("a number")).collect()
}

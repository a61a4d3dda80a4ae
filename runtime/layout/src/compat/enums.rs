//! Where the values of two enums of one form part. Relies on `describe`; values are compared in ascending order, which is
//! that of every description that this library writes: of another order more values differ, never fewer.

use alloc::format;
use alloc::string::String;

use crate::describe::{DescribedEnum, DescribedValue};
use crate::named::{Form, rank};
use crate::number::Number;

/// The first value, in ascending order, that one of two enums has and the other has not, or calls otherwise:
/// `66 is `Bid` in the segment, `Buy` here`.
pub(super) fn first_difference(segment: &DescribedEnum, here: &DescribedEnum) -> Option<String> {
    let at = (0..segment.values.len().max(here.values.len()))
        .find(|&at| segment.values.get(at).map(key) != here.values.get(at).map(key))?;
    let rank = |value: &DescribedValue| rank(segment.repr, value.value);
    match (segment.values.get(at), here.values.get(at)) {
        // Of two different numbers the smaller one is not there on the other side.
        (Some(theirs), Some(mine)) if rank(theirs) < rank(mine) => words(segment, Some(theirs), None),
        (Some(theirs), Some(mine)) if rank(mine) < rank(theirs) => words(segment, None, Some(mine)),
        (theirs, mine) => words(segment, theirs, mine),
    }
}

/// The first value that keeps a program with the enum `here` from reading what is written with that of the segment: of a
/// closed one any that is not known here; of an open one, and of flags, one that is not known here while the segment's
/// lacks one that is, for then neither has only grown.
pub(super) fn first_obstacle(segment: &DescribedEnum, here: &DescribedEnum) -> Option<String> {
    let unknown = first_missing(&here.values, &segment.values)?;
    if segment.form != Form::Closed && first_missing(&segment.values, &here.values).is_none() {
        return None;
    }
    let other = here.values.iter().find(|mine| mine.value == unknown.value);
    words(segment, Some(unknown), other)
}

/// The first of `some` that does not stand among `all`, behind those before it.
fn first_missing<'a>(all: &[DescribedValue], some: &'a [DescribedValue]) -> Option<&'a DescribedValue> {
    let mut all = all.iter();
    some.iter().find(|&value| !all.any(|other| key(other) == key(value)))
}

fn words(
    segment: &DescribedEnum,
    theirs: Option<&DescribedValue>,
    mine: Option<&DescribedValue>,
) -> Option<String> {
    let (number, none) = match segment.form {
        Form::Closed | Form::Open => ("", "no value"),
        Form::Flags => ("bit ", "no flag"),
    };
    let value = theirs.or(mine)?.value.display(segment.repr);
    let name =
        |value: Option<&DescribedValue>| value.map_or(none.into(), |value| format!("`{}`", value.name));
    Some(format!("{number}{value} is {} in the segment, {} here", name(theirs), name(mine)))
}

/// What makes a value what it is.
fn key(value: &DescribedValue) -> (Number, &str) {
    (value.value, value.name.as_str())
}

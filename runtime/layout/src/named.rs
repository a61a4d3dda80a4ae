//! Enums and flags as plain data: integers with names. Relies on `kind`, `number` and `fingerprint`; does not check that
//! names or values differ: front ends do.

use crate::fingerprint;
use crate::kind::Kind;
use crate::number::Number;

/// What other integers than the named ones mean.
///
/// The discriminants are the tags that enter `schema_id` and stand in a segment's description: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Form {
    /// One of the values; another integer is no value, and reading it fails.
    Closed = 1,
    /// One of the values, or one that a later version names: any integer is a value.
    Open = 2,
    /// A set of bits; each value is the position of one. Bits without a name are kept.
    Flags = 3,
}

impl Form {
    /// Every form, in the order of the tags.
    pub const ALL: [Form; 3] = [Form::Closed, Form::Open, Form::Flags];

    /// The stable tag: 1 to 3.
    #[must_use]
    pub const fn tag(self) -> u8 {
        self as u8
    }

    /// The form with this tag, or `None` for a tag that nothing has.
    #[must_use]
    pub const fn from_tag(tag: u8) -> Option<Form> {
        match tag {
            1 => Some(Form::Closed),
            2 => Some(Form::Open),
            3 => Some(Form::Flags),
            _ => None,
        }
    }

    /// The name in messages: `closed enum`, `open enum`, `flags`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Form::Closed => "closed enum",
            Form::Open => "open enum",
            Form::Flags => "flags",
        }
    }
}

/// An enum, or flags: names for integers.
#[derive(Clone, Copy, Debug)]
pub struct EnumLayout<'a> {
    /// The name in the schema.
    pub name: &'a str,
    /// What other integers than the named ones mean.
    pub form: Form,
    /// The integer kind that holds a value.
    pub repr: Kind,
    /// The values, in any order: no id depends on it.
    pub values: &'a [ValueLayout<'a>],
    /// What it is, for people; in no id.
    pub doc: &'a str,
    /// Fingerprint of name, form, `repr` and values.
    pub id: u64,
}

/// What orders the values of an enum of this integer as an unsigned number: with the sign bit flipped, what is below zero
/// comes first.
pub(crate) const fn rank(repr: Kind, value: Number) -> u64 {
    value.bits() ^ if repr.is_signed() { 1 << 63 } else { 0 }
}

/// One value of an enum, or one flag.
#[derive(Clone, Copy, Debug)]
pub struct ValueLayout<'a> {
    /// The name in the schema.
    pub name: &'a str,
    /// The value, a number of the enum's `repr`; for flags the position of the bit, 0 for the lowest.
    pub value: Number,
    /// What it means, for people; in no id.
    pub doc: &'a str,
}

impl<'a> EnumLayout<'a> {
    /// The layout with these facts; computes its id.
    #[must_use]
    pub const fn new(
        name: &'a str,
        form: Form,
        repr: Kind,
        values: &'a [ValueLayout<'a>],
        doc: &'a str,
    ) -> Self {
        Self { name, form, repr, values, doc, id: fingerprint::enum_id(name, form, repr, values) }
    }

    /// Whether one of the values is this number.
    pub(crate) const fn has(&self, number: Number) -> bool {
        let mut at = 0;
        while at < self.values.len() {
            if self.values[at].value.bits() == number.bits() {
                return true;
            }
            at += 1;
        }
        false
    }

    /// The bits of all flags.
    pub(crate) const fn all_bits(&self) -> u64 {
        let (mut bits, mut at) = (0, 0);
        while at < self.values.len() {
            bits |= 1 << self.values[at].value.bits();
            at += 1;
        }
        bits
    }
}

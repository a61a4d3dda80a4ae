//! `layout_id`, `schema_id` and the chains behind them. Relies on `record`; runs in const evaluation.
//!
//! Both ids are FNV-1a 64 (Fowler, Noll, Vo; offset basis `cbf29ce484222325`, prime `100000001b3`): they find accidents
//! between honest programs, they are no defence. All integers little-endian. Both chains start with the twelve bytes
//! `"shmrec/1 LE\n"` and take the fields in declaration order.
//!
//! ```text
//! layout step   kind u8, rank u8, offset u32, elem_size u32, rank lengths u32 (outermost first), nested layout_id u64 or 0
//! layout_id     steps, then size u32, align u32
//! schema step   name length u16, name, kind u8 … lengths as above, nested stem u64 or 0, and in this order, what there is:
//!               'u', length u16, unit · 'e', exp i8, if it is not 0 · 't', tag of its time u8 · 'n', null u64
//!               'y', length u16, name of its enum or flags
//! stem          steps, then name length u16, name, size u32, align u32
//! schema_id     the stem's bytes, then for each field that has it, in declaration order:
//!               'E', id of its enum or flags u64
//!               'R', nested schema_id u64, if that differs from the nested stem
//! enum id       a hash of its own: the twelve bytes, form u8, kind u8, name length u16, name, number of values u32, sum u64
//! sum           modulo 2^64, over the values, of hashes of their own: name length u16, name, value u64
//! ```
//!
//! The kind of an enum field is that of its integer, so no layout depends on enums. The value after a field depends on
//! that field and all before it, so two records share a prefix exactly when their chains agree there. What an enum's
//! values are is in `schema_id` and in no chain: a further value leaves every prefix as it is. A sum does not depend on
//! the order of values, of which schemas keep none. Documentation, padding, `min`, `max`, versions and whether bytes are
//! shown as text enter no id.

use crate::field::FieldLayout;
use crate::kind::Kind;
use crate::named::{Form, ValueLayout};

const TAG: &[u8] = b"shmrec/1 LE\n";

/// An FNV-1a 64 hash on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv1a(u64);

impl Fnv1a {
    /// The empty hash: the offset basis.
    pub const EMPTY: Fnv1a = Fnv1a(0xcbf2_9ce4_8422_2325);

    /// The hash after these bytes too.
    #[must_use]
    pub const fn bytes(self, bytes: &[u8]) -> Self {
        let mut hash = self.0;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
            i += 1;
        }
        Fnv1a(hash)
    }

    /// The value so far.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    const fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    const fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_le_bytes())
    }

    /// A length as u16, then the bytes. Names and units are shorter than 2^16 in every front end.
    #[expect(clippy::cast_possible_truncation, reason = "front ends limit names and units to 255 bytes")]
    const fn text(self, text: &str) -> Self {
        self.bytes(&(text.len() as u16).to_le_bytes()).bytes(text.as_bytes())
    }

    const fn shape(self, field: &FieldLayout<'_>) -> Self {
        let ty = &field.ty;
        let mut hash = self.bytes(&[ty.kind.tag(), ty.rank]).u32(field.offset).u32(ty.elem_size);
        let mut i = 0;
        while i < ty.rank as usize {
            hash = hash.u32(ty.dims[i]);
            i += 1;
        }
        hash
    }
}

/// Both chain values at one place of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    layout: Fnv1a,
    schema: Fnv1a,
}

impl Chain {
    /// Before the first field.
    pub const START: Chain = Chain { layout: Fnv1a::EMPTY.bytes(TAG), schema: Fnv1a::EMPTY.bytes(TAG) };

    /// After one more field.
    #[must_use]
    pub const fn field(self, field: &FieldLayout<'_>) -> Self {
        let (nested_layout, nested_stem) = match field.ty.nested {
            Some(nested) => (nested.layout_id, nested.stem_id),
            None => (0, 0),
        };
        let mut schema = self.schema.text(field.name).shape(field).u64(nested_stem);
        if let Some(unit) = field.unit {
            schema = schema.bytes(b"u").text(unit);
        }
        if field.exp != 0 {
            schema = schema.bytes(b"e").bytes(&field.exp.to_le_bytes());
        }
        if let Some(time) = field.time {
            schema = schema.bytes(&[b't', time.tag()]);
        }
        if let Some(null) = field.null {
            schema = schema.bytes(b"n").u64(null.bits());
        }
        if let Some(named) = field.ty.named {
            schema = schema.bytes(b"y").text(named.name);
        }
        Chain { layout: self.layout.shape(field).u64(nested_layout), schema }
    }

    /// The layout chain value here.
    #[must_use]
    pub const fn layout(self) -> u64 {
        self.layout.value()
    }

    /// The schema chain value here.
    #[must_use]
    pub const fn schema(self) -> u64 {
        self.schema.value()
    }

    const fn fields(fields: &[FieldLayout<'_>]) -> Self {
        let mut chain = Self::START;
        let mut i = 0;
        while i < fields.len() {
            chain = chain.field(&fields[i]);
            i += 1;
        }
        chain
    }
}

/// The id of what the bytes are: kinds, places, sizes.
#[must_use]
pub const fn layout_id(fields: &[FieldLayout<'_>], size: u32, align: u32) -> u64 {
    Chain::fields(fields).layout.u32(size).u32(align).value()
}

/// The id of what the bytes mean, but for what the values of enums are: the layout, names and units.
#[must_use]
pub const fn stem_id(name: &str, fields: &[FieldLayout<'_>], size: u32, align: u32) -> u64 {
    stem(name, fields, size, align).value()
}

/// The id of what the bytes mean: the layout, names, units and the values of enums.
#[must_use]
pub const fn schema_id(name: &str, fields: &[FieldLayout<'_>], size: u32, align: u32) -> u64 {
    let mut hash = stem(name, fields, size, align);
    let mut i = 0;
    while i < fields.len() {
        let ty = &fields[i].ty;
        if let Some(named) = ty.named {
            hash = hash.bytes(b"E").u64(named.id);
        }
        if let Some(nested) = ty.nested
            && nested.schema_id != nested.stem_id
        {
            hash = hash.bytes(b"R").u64(nested.schema_id);
        }
        i += 1;
    }
    hash.value()
}

const fn stem(name: &str, fields: &[FieldLayout<'_>], size: u32, align: u32) -> Fnv1a {
    Chain::fields(fields).schema.text(name).u32(size).u32(align)
}

/// The id of an enum or of flags: what it is called, which integers have which names, and what others mean.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "no enum has 2^32 values")]
pub const fn enum_id(name: &str, form: Form, repr: Kind, values: &[ValueLayout<'_>]) -> u64 {
    let mut sum = 0_u64;
    let mut i = 0;
    while i < values.len() {
        let hash = Fnv1a::EMPTY.text(values[i].name).u64(values[i].value.bits());
        sum = sum.wrapping_add(hash.value());
        i += 1;
    }
    let head = Fnv1a::EMPTY.bytes(TAG).bytes(&[form.tag(), repr.tag()]).text(name);
    head.u32(values.len() as u32).u64(sum).value()
}

#[cfg(test)]
mod tests;

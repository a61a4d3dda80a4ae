//! Records as plain data. Relies on `field` and `fingerprint`; does not place fields and does not check what it is told:
//! the derive takes its numbers from the compiler, `ipcgen` from `place`.

use crate::field::FieldLayout;
use crate::fingerprint;

/// A record: its fields, and the ids that stand for them.
#[derive(Clone, Copy, Debug)]
pub struct RecordLayout<'a> {
    /// The name in the schema.
    pub name: &'a str,
    /// Bytes, a multiple of `align`.
    pub size: u32,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// The fields in declaration order.
    pub fields: &'a [FieldLayout<'a>],
    /// What it is, for people; in no id.
    pub doc: &'a str,
    /// Fingerprint of what the bytes are.
    pub layout_id: u64,
    /// Fingerprint of what the bytes mean: names, units and the values of enums too.
    pub schema_id: u64,
    /// As `schema_id`, but without the values of enums: what a record counts as inside another one's chain, so that a
    /// new value of an enum changes no chain.
    pub stem_id: u64,
    /// The version of the schema, from 1, which `since` and `deprecated` of its fields refer to; 0 when they do not. In
    /// no id.
    pub version: u32,
    /// How deep records lie inside records: 1 without a nested one.
    pub depth: usize,
}

impl<'a> RecordLayout<'a> {
    /// The layout with these facts; computes its ids.
    #[must_use]
    pub const fn new(
        name: &'a str,
        size: u32,
        align: u32,
        fields: &'a [FieldLayout<'a>],
        doc: &'a str,
    ) -> Self {
        Self {
            name,
            size,
            align,
            fields,
            doc,
            layout_id: fingerprint::layout_id(fields, size, align),
            schema_id: fingerprint::schema_id(name, fields, size, align),
            stem_id: fingerprint::stem_id(name, fields, size, align),
            version: 0,
            depth: 1 + deepest(fields),
        }
    }

    /// This layout, of this version of its schema.
    #[must_use]
    pub const fn of_version(self, version: u32) -> Self {
        Self { version, ..self }
    }

    /// This layout. For const evaluation, which turns the panic into an error of the compiler.
    ///
    /// # Panics
    /// When records are nested more than [`MAX_DEPTH`](crate::describe::MAX_DEPTH) deep.
    #[must_use]
    pub const fn nested_within_limit(self) -> Self {
        assert!(self.depth <= crate::describe::MAX_DEPTH, "records are nested at most 32 deep");
        self
    }
}

/// The depth of the deepest record among these fields; 0 without one.
const fn deepest(fields: &[FieldLayout<'_>]) -> usize {
    let mut deepest = 0;
    let mut i = 0;
    while i < fields.len() {
        if let Some(nested) = fields[i].ty.nested {
            deepest = if nested.depth > deepest { nested.depth } else { deepest };
        }
        i += 1;
    }
    deepest
}

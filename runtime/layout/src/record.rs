//! Layouts as plain data. Relies on `kind` and `fingerprint`; does not place fields and does not check what it is told:
//! the derive takes its numbers from the compiler, `ipcgen` from `place`.

use crate::fingerprint;
use crate::kind::Kind;

/// How many array dimensions a field may have.
pub const MAX_RANK: usize = 4;

/// What a field holds: elements of one kind, in up to [`MAX_RANK`] dimensions.
#[derive(Clone, Copy, Debug)]
pub struct FieldType<'a> {
    /// The kind of each element.
    pub kind: Kind,
    /// Bytes of one element.
    pub elem_size: u32,
    /// Dimensions used in `dims`: 0 for a single element.
    pub rank: u8,
    /// Lengths, outermost first; entries from `rank` on are 0. `[[u16; 4]; 2]` has `[2, 4, 0, 0]`.
    pub dims: [u32; MAX_RANK],
    /// The layout of the elements when `kind` is [`Kind::Record`], else `None`.
    pub nested: Option<&'a RecordLayout<'a>>,
}

impl<'a> FieldType<'a> {
    /// A single element of a scalar kind; `None` for [`Kind::Record`], which needs [`FieldType::record`].
    #[must_use]
    pub const fn scalar(kind: Kind) -> Option<Self> {
        match kind.size() {
            Some(elem_size) => Some(Self { kind, elem_size, rank: 0, dims: [0; MAX_RANK], nested: None }),
            None => None,
        }
    }

    /// A single nested record.
    #[must_use]
    pub const fn record(layout: &'a RecordLayout<'a>) -> Self {
        Self {
            kind: Kind::Record,
            elem_size: layout.size,
            rank: 0,
            dims: [0; MAX_RANK],
            nested: Some(layout),
        }
    }

    /// An array of `length` of these, a new outermost dimension; `None` past [`MAX_RANK`].
    #[must_use]
    pub const fn array_of(self, length: u32) -> Option<Self> {
        if self.rank as usize == MAX_RANK {
            return None;
        }
        let mut dims = [0; MAX_RANK];
        dims[0] = length;
        let mut i = 0;
        while i < self.rank as usize {
            dims[i + 1] = self.dims[i];
            i += 1;
        }
        Some(Self { rank: self.rank + 1, dims, ..self })
    }

    /// Lengths of the dimensions in use, outermost first.
    #[must_use]
    pub fn shape(&self) -> &[u32] {
        &self.dims[..usize::from(self.rank)]
    }

    /// Bytes of the whole field: the element size times every length; `None` past `u64`.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        let mut size = self.elem_size as u64;
        let mut i = 0;
        while i < self.rank as usize {
            size = match size.checked_mul(self.dims[i] as u64) {
                Some(size) => size,
                None => return None,
            };
            i += 1;
        }
        Some(size)
    }
}

/// One field of a record. Padding is not a field: it is where no field is.
#[derive(Clone, Copy, Debug)]
pub struct FieldLayout<'a> {
    /// The name in the schema.
    pub name: &'a str,
    /// What it holds.
    pub ty: FieldType<'a>,
    /// Bytes from the start of the record.
    pub offset: u32,
    /// A `[u8; N]` to be shown as NUL-padded text. Presentation only: no id depends on it.
    pub text: bool,
    /// The unit of its values; part of `schema_id`.
    pub unit: Option<&'a str>,
    /// What it means, for people; in no id.
    pub doc: &'a str,
}

/// A record: its fields, and the two ids that stand for them.
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
    /// Fingerprint of what the bytes mean: names and units too.
    pub schema_id: u64,
    /// How deep records lie inside records: 1 without a nested one.
    pub depth: usize,
}

impl<'a> RecordLayout<'a> {
    /// The layout with these facts; computes both ids.
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
            depth: 1 + deepest(fields),
        }
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

//! What stands in a record, as plain data: [`FieldType`] and [`FieldLayout`]. Relies on `kind`, `number`, `named` and
//! `record`; checks nothing of what it is told.

use crate::kind::Kind;
use crate::named::{EnumLayout, Form};
use crate::number::Number;
use crate::record::RecordLayout;
use crate::time::Time;

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
    /// What the integers stand for when they are values of an enum or flags; `kind` is its `repr` then.
    pub named: Option<&'a EnumLayout<'a>>,
}

impl<'a> FieldType<'a> {
    /// A single element of a scalar kind; `None` for [`Kind::Record`], which needs [`FieldType::record`].
    #[must_use]
    pub const fn scalar(kind: Kind) -> Option<Self> {
        match kind.size() {
            Some(elem_size) => {
                Some(Self { kind, elem_size, rank: 0, dims: [0; MAX_RANK], nested: None, named: None })
            }
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
            named: None,
        }
    }

    /// A single value of an enum, or a single set of flags; `None` when its `repr` is [`Kind::Record`].
    #[must_use]
    pub const fn named(layout: &'a EnumLayout<'a>) -> Option<Self> {
        match Self::scalar(layout.repr) {
            Some(ty) => Some(Self { named: Some(layout), ..ty }),
            None => None,
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

    /// Whether its elements are integers that count something, not values of an enum: what can have an exponent or a time.
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.kind.is_integer() && self.named.is_none()
    }

    /// Whether this number can mean that there is no value: it is none between these limits, none of a closed enum, none that
    /// an open one names, and no set of named flags.
    #[must_use]
    pub const fn has_free(&self, null: Number, min: Option<Number>, max: Option<Number>) -> bool {
        let Some(named) = self.named else { return !null.is_meant(self.kind, min, max) };
        match named.form {
            Form::Closed => false,
            Form::Open => !named.has(null),
            Form::Flags => null.bits() & !named.all_bits() != 0,
        }
    }

    /// Whether bytes of zeros are a value: of a closed enum in it, however deep, 0 is one.
    #[must_use]
    pub const fn takes_zeros(&self) -> bool {
        if let Some(named) = self.named
            && matches!(named.form, Form::Closed)
        {
            return named.has(Number::from_bits(0));
        }
        let Some(record) = self.nested else { return true };
        let mut at = 0;
        while at < record.fields.len() {
            if !record.fields[at].ty.takes_zeros() {
                return false;
            }
            at += 1;
        }
        true
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
///
/// [`FieldLayout::new`] gives one of which nothing more is known; what is known is set on top:
/// `FieldLayout { unit: Some("USD"), exp: -9, ..FieldLayout::new("price", ty, 16) }`.
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
    /// Its integers count units of ten to this power: -9 for billionths, 0 for whole ones. Part of `schema_id`.
    pub exp: i8,
    /// Its integers are moments; part of `schema_id`.
    pub time: Option<Time>,
    /// The number that stands for "no value"; part of `schema_id`.
    pub null: Option<Number>,
    /// The least number that a writer means to store; in no id.
    pub min: Option<Number>,
    /// The greatest number that a writer means to store; in no id.
    pub max: Option<Number>,
    /// The version of the schema that brought it, from 1; `None`: it was always there. In no id.
    pub since: Option<u32>,
    /// The version of the schema from which on it should not be used, from 1; in no id.
    pub deprecated: Option<u32>,
    /// What it means, for people; in no id.
    pub doc: &'a str,
}

impl<'a> FieldLayout<'a> {
    /// A field of which nothing more is known.
    #[must_use]
    pub const fn new(name: &'a str, ty: FieldType<'a>, offset: u32) -> Self {
        Self {
            name,
            ty,
            offset,
            text: false,
            unit: None,
            exp: 0,
            time: None,
            null: None,
            min: None,
            max: None,
            since: None,
            deprecated: None,
            doc: "",
        }
    }
}

//! `layout_id`, `schema_id` and the chains behind them. Relies on `record`; runs in const evaluation.
//!
//! Both ids are FNV-1a 64 (Fowler, Noll, Vo; offset basis `cbf29ce484222325`, prime `100000001b3`): they find accidents
//! between honest programs, they are no defence. All integers little-endian. Both chains start with the twelve bytes
//! `"shmrec/1 LE\n"` and take the fields in declaration order.
//!
//! ```text
//! layout step   kind u8, rank u8, offset u32, elem_size u32, rank lengths u32 (outermost first), nested layout_id u64 or 0
//! layout_id     steps, then size u32, align u32
//! schema step   name length u16, name, kind u8 … lengths as above, nested schema_id u64 or 0,
//!               and with a unit: 'u', length u16, unit
//! schema_id     steps, then name length u16, name, size u32, align u32
//! ```
//!
//! The value after a field depends on that field and all before it, so two records share a prefix exactly when their
//! chains agree there. Documentation, padding and whether bytes are shown as text enter neither id.

use crate::record::FieldLayout;

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
        let (nested_layout, nested_schema) = match field.ty.nested {
            Some(nested) => (nested.layout_id, nested.schema_id),
            None => (0, 0),
        };
        let mut schema = self.schema.text(field.name).shape(field).u64(nested_schema);
        if let Some(unit) = field.unit {
            schema = schema.bytes(b"u").text(unit);
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

/// The id of what the bytes mean: the layout, names and units.
#[must_use]
pub const fn schema_id(name: &str, fields: &[FieldLayout<'_>], size: u32, align: u32) -> u64 {
    Chain::fields(fields).schema.text(name).u32(size).u32(align).value()
}

#[cfg(test)]
mod tests {
    use crate::{FieldLayout, FieldType, Kind, RecordLayout};

    const fn scalar(kind: Kind) -> FieldType<'static> {
        match FieldType::scalar(kind) {
            Some(ty) => ty,
            None => panic!("a scalar kind"),
        }
    }

    const fn field(name: &'static str, ty: FieldType<'static>, offset: u32) -> FieldLayout<'static> {
        FieldLayout { name, ty, offset, text: false, unit: None, doc: "" }
    }

    const SYMBOL: FieldType<'static> = match scalar(Kind::U8).array_of(10) {
        Some(ty) => ty,
        None => panic!("rank 1"),
    };
    const FIELDS: &[FieldLayout<'static>] = &[
        field("symbol", SYMBOL, 0),
        field("price", scalar(Kind::F64), 16),
        field("volume", scalar(Kind::I64), 24),
    ];
    const MARKET_DATA: RecordLayout<'static> = RecordLayout::new("MarketData", 32, 8, FIELDS, "");
    const _: () = assert!(MARKET_DATA.layout_id == 0x723f_c907_23bb_e9c9);
    const _: () = assert!(MARKET_DATA.schema_id == 0xf87f_363a_5103_7ced);

    #[test]
    fn text_and_docs_are_in_no_id_and_units_are_in_schema_id_only() {
        let shown = [FieldLayout { text: true, doc: "ticker", ..FIELDS[0] }, FIELDS[1], FIELDS[2]];
        let record = RecordLayout::new("MarketData", 32, 8, &shown, "docs");
        assert_eq!(record.schema_id, MARKET_DATA.schema_id);
        let priced = [FIELDS[0], FieldLayout { unit: Some("USD"), ..FIELDS[1] }, FIELDS[2]];
        let record = RecordLayout::new("MarketData", 32, 8, &priced, "");
        assert_eq!(record.layout_id, MARKET_DATA.layout_id);
        assert_ne!(record.schema_id, MARKET_DATA.schema_id);
    }

    #[test]
    fn swapped_names_change_schema_id_alone() {
        let swapped = [
            FIELDS[0],
            FieldLayout { name: "volume", ..FIELDS[1] },
            FieldLayout { name: "price", ..FIELDS[2] },
        ];
        let record = RecordLayout::new("MarketData", 32, 8, &swapped, "");
        assert_eq!(record.layout_id, MARKET_DATA.layout_id);
        assert_ne!(record.schema_id, MARKET_DATA.schema_id);
    }

    #[test]
    fn a_nested_record_enters_by_its_ids() {
        let outer = |inner: &RecordLayout<'_>| {
            let fields = [FieldLayout {
                name: "quote",
                ty: FieldType::record(inner),
                offset: 0,
                text: false,
                unit: None,
                doc: "",
            }];
            let record = RecordLayout::new("Outer", 32, 8, &fields, "");
            (record.layout_id, record.schema_id)
        };
        let renamed = RecordLayout::new("Renamed", 32, 8, FIELDS, "");
        assert_eq!(outer(&MARKET_DATA).0, outer(&renamed).0);
        assert_ne!(outer(&MARKET_DATA).1, outer(&renamed).1);
    }
}

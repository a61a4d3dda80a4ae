//! Base types and the values of enums, as kinds of fields and as numbers. Relies on `dwarf`.

use gimli::DwAte;
use shmrecord_layout::Kind;

use super::dwarf::{At, Debug, Entry};
use super::fault::Fault;
use super::types::Shape;

/// A type that the compiler has by itself.
pub(super) fn base<'d>(debug: &Debug<'d>, entry: &Entry<'d>, size: u64) -> Result<Shape, Fault> {
    let encoding = match entry.raw.attr_value(gimli::DW_AT_encoding) {
        Some(gimli::AttributeValue::Encoding(encoding)) => encoding,
        _ => DwAte(0),
    };
    let name = debug.name(entry)?.unwrap_or_default();
    let kind = match encoding {
        gimli::DW_ATE_float => {
            [Kind::F32, Kind::F64].into_iter().find(|kind| kind.size().map(u64::from) == Some(size))
        }
        gimli::DW_ATE_boolean => (size == 1).then_some(Kind::Bool),
        gimli::DW_ATE_signed | gimli::DW_ATE_signed_char => integer(size, true),
        gimli::DW_ATE_unsigned | gimli::DW_ATE_unsigned_char | gimli::DW_ATE_UTF => integer(size, false),
        _ => None,
    };
    Ok(match kind {
        Some(kind) if name == "char" && size == 1 => Shape::Char(kind),
        Some(kind) => Shape::Scalar(kind),
        None => Shape::Foreign {
            what: format!("`{name}`, for which schemas have no type"),
            size,
            align: size.clamp(1, 16),
        },
    })
}

/// The integer of this size.
pub(super) fn integer(size: u64, signed: bool) -> Option<Kind> {
    Some(match (size, signed) {
        (1, true) => Kind::I8,
        (2, true) => Kind::I16,
        (4, true) => Kind::I32,
        (8, true) => Kind::I64,
        (1, false) => Kind::U8,
        (2, false) => Kind::U16,
        (4, false) => Kind::U32,
        (8, false) => Kind::U64,
        _ => return None,
    })
}

/// The names and values of an enum.
pub(super) fn enumerators(debug: &Debug<'_>, at: At) -> Result<Vec<(String, i128)>, Fault> {
    let mut values = Vec::new();
    for child in debug.children(at)? {
        let Some(attribute) = child.raw.attr(gimli::DW_AT_const_value) else { continue };
        // Only the form tells whether the number is signed.
        let value = match attribute.raw_value() {
            gimli::AttributeValue::Sdata(value) => i128::from(value),
            _ => attribute.udata_value().map_or(0, i128::from),
        };
        values.push((debug.name(&child)?.unwrap_or_default(), value));
    }
    Ok(values)
}

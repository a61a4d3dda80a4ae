//! Which field of a record is no value: what a read says that found one. Relies on the layout crate for where fields are.

use shmrecord_layout::{EnumLayout, Form, Kind, Number, RecordLayout};

/// The path of the first field of `layout` whose bytes are no value of its kind: `levels[3].closed`. The bytes are those of a
/// record from `start` on; of fields that are not all in them nothing is known.
#[cold]
pub(crate) fn invalid_field(layout: &RecordLayout<'_>, bytes: &[u8], start: usize) -> String {
    find_invalid(layout, bytes, start.cast_signed()).unwrap_or_default()
}

fn find_invalid(layout: &RecordLayout<'_>, bytes: &[u8], start: isize) -> Option<String> {
    for field in layout.fields {
        let elem_size = field.ty.elem_size as usize;
        let count = field.ty.shape().iter().product::<u32>() as usize;
        for at in 0..count {
            let place = (field.offset as usize + at * elem_size).cast_signed() - start;
            let element =
                || usize::try_from(place).ok().and_then(|place| bytes.get(place..place + elem_size));
            let inner = match (field.ty.nested, field.ty.named) {
                (Some(nested), _) => find_invalid(nested, bytes, -place).map(|path| format!(".{path}")),
                (None, Some(named)) => element().is_some_and(|it| !is_value(named, it)).then(String::new),
                (None, None) => {
                    let is_invalid = field.ty.kind == Kind::Bool && element().is_some_and(|it| it[0] > 1);
                    is_invalid.then(String::new)
                }
            };
            if let Some(inner) = inner {
                return Some(format!("{}{}{inner}", field.name, indices(field.ty.shape(), at)));
            }
        }
    }
    None
}

/// Whether an element is a value of this enum.
fn is_value(named: &EnumLayout<'_>, element: &[u8]) -> bool {
    let number = Number::from_le_bytes(named.repr, element);
    named.form != Form::Closed || named.values.iter().any(|value| Some(value.value) == number)
}

/// `[1][3]`: the indices of the element at this place of an array of this shape; empty for a single element.
fn indices(shape: &[u32], mut at: usize) -> String {
    let mut text = String::new();
    for &length in shape.iter().rev() {
        let length = length as usize;
        text.insert_str(0, &format!("[{}]", at % length));
        at /= length;
    }
    text
}

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

#[cfg(test)]
mod tests {
    use shmrecord_layout::{FieldLayout, FieldType, Kind, RecordLayout};

    use super::invalid_field;

    #[test]
    fn only_fields_that_lie_in_the_bytes_are_judged() {
        let scalar = |kind| FieldType::scalar(kind).unwrap();
        let inner = [
            FieldLayout::new("number", scalar(Kind::U8), 0),
            FieldLayout::new("flags", scalar(Kind::Bool).array_of(2).unwrap(), 1),
        ];
        let inner = RecordLayout::new("Inner", 3, 1, &inner, "");
        let fields = [
            FieldLayout::new("first", scalar(Kind::Bool), 0),
            FieldLayout::new("inner", FieldType::record(&inner).array_of(3).unwrap(), 1),
            FieldLayout::new("last", scalar(Kind::Bool), 10),
        ];
        let layout = RecordLayout::new("Outer", 11, 1, &fields, "");
        let bytes = [9, 9, 1, 0, 9, 0, 9, 9, 1, 1, 9];
        let found = |start: usize, end: usize| invalid_field(&layout, &bytes[start..end], start);
        assert_eq!(found(0, 11), "first");
        assert_eq!(found(1, 10), "inner[1].flags[1]");
        assert_eq!(found(4, 11), "inner[1].flags[1]");
        assert_eq!(found(5, 6), "");
        assert_eq!(found(6, 7), "inner[1].flags[1]");
        assert_eq!(found(7, 11), "last");
        assert_eq!((found(1, 4), found(7, 10)), (String::new(), String::new()));
    }
}

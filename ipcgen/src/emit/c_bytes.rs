//! What C does with the bytes of a record: finds those that are no value, and makes the padding zero. Relies on the model;
//! checks nothing.

use std::fmt::Write;

use crate::model::{Element, Field, Form, Kind, Member, Model, Pad, Record};

/// The function that finds bytes which are no value.
pub(super) fn check(record: &Record, model: &Model, out: &mut String) {
    let _ = write!(
        out,
        "\n/* NULL, or the name of the first field whose bytes are no value. */\n\
         static inline const char *{}_check(const unsigned char *bytes) {{\n",
        record.c_name
    );
    if !record.has_invalid {
        out.push_str("    (void)bytes;\n");
    }
    for field in record.fields() {
        if has_invalid(field, model) {
            let body = |place: &str| refuse(field, model, place);
            each_element(field, model, body, out);
        }
    }
    out.push_str("    return NULL;\n}\n");
}

/// Whether some bytes of a field are no value.
fn has_invalid(field: &Field, model: &Model) -> bool {
    match field.ty.element {
        Element::Scalar(kind) => kind == Kind::Bool,
        Element::Enum(at) => model.enums[at].form == Form::Closed,
        Element::Record(at) => model.records[at].has_invalid,
        Element::Char => false,
    }
}

/// The statement that returns a field's name when the bytes at a place are no value of its element.
fn refuse(field: &Field, model: &Model, place: &str) -> String {
    let refuse = |condition: &str| format!("if ({condition}) {{\n    return \"{}\";\n}}", field.name);
    match field.ty.element {
        Element::Record(at) => {
            refuse(&format!("{}_check({}) != NULL", model.records[at].c_name, pointer(place)))
        }
        Element::Enum(at) => {
            let (ty, bytes) = (&model.enums[at].c_name, pointer(place));
            let copy = format!("{ty} value;\nmemcpy(&value, {bytes}, sizeof value);\n");
            let mut block = "{\n".to_owned();
            indent(&(copy + &refuse(&format!("!{ty}_is_valid(value)"))), 1, &mut block);
            block + "}"
        }
        Element::Scalar(_) | Element::Char => refuse(&format!("bytes[{place}] > 1")),
    }
}

/// The function that makes padding zero, so that equal records are equal bytes.
pub(super) fn zero_padding(record: &Record, model: &Model, out: &mut String) {
    let _ = write!(
        out,
        "\n/* Makes the padding zero, so that equal records are equal bytes. */\n\
         static inline void {}_zero_padding(unsigned char *bytes) {{\n",
        record.c_name
    );
    if !record.has_padding {
        out.push_str("    (void)bytes;\n");
    }
    for member in &record.members {
        match member {
            Member::Pad(pad) => {
                out.push_str(&zero(pad, record.size));
            }
            Member::Field(field) => {
                if let Some(part) = part(field, model).filter(|part| part.has_padding) {
                    let body = |place: &str| format!("{}_zero_padding({});", part.c_name, pointer(place));
                    each_element(field, model, body, out);
                }
            }
        }
    }
    out.push_str("}\n");
}

/// The statement that makes bytes zero: in a record's word that has others, too, by a mask, for the word may be in a register.
fn zero(pad: &Pad, record: u32) -> String {
    let (word, first) = (pad.offset / 8 * 8, pad.offset % 8);
    if first + pad.size > 8 || pad.size == 8 || word + 8 > record {
        return format!("    memset(bytes + {}, 0, {});\n", pad.offset, pad.size);
    }
    let keep = !((u64::MAX >> (64 - 8 * pad.size)) << (8 * first));
    format!("    shmrec_mask({}, UINT64_C({keep:#018x}));\n", pointer(&word.to_string()))
}

/// The record that is nested in a field.
fn part<'m>(field: &Field, model: &'m Model) -> Option<&'m Record> {
    match field.ty.element {
        Element::Record(at) => Some(&model.records[at]),
        _ => None,
    }
}

fn pointer(place: &str) -> String {
    if place == "0" { "bytes".to_owned() } else { format!("bytes + {place}") }
}

/// Writes a statement for each element of a field, given the element's place: once, or in a loop.
fn each_element(field: &Field, model: &Model, statement: impl Fn(&str) -> String, out: &mut String) {
    if field.ty.dims.is_empty() {
        indent(&statement(&field.offset.to_string()), 1, out);
        return;
    }
    let elem_size = match (part(field, model), model.kind(field.ty.element).size()) {
        (Some(part), _) => part.size,
        (None, size) => size.unwrap_or(1),
    };
    let step = if elem_size == 1 { "i".to_owned() } else { format!("{elem_size} * i") };
    let place = if field.offset == 0 { step } else { format!("{} + {step}", field.offset) };
    let count = field.size / elem_size;
    indent(&format!("for (size_t i = 0; i < {count}; i++) {{"), 1, out);
    indent(&statement(&place), 2, out);
    indent("}", 1, out);
}

fn indent(lines: &str, depth: usize, out: &mut String) {
    for line in lines.lines() {
        let _ = writeln!(out, "{}{line}", "    ".repeat(depth));
    }
}

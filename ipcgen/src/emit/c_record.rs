//! A record in C: the struct with its padding spelled out, assertions on every offset, ids and description. Relies on the
//! model; checks nothing.

use std::fmt::Write;

use super::c::{comment, doc, element};
use super::c_facts::{out_of_use, words};
use crate::model::{Field, Member, Model, Record};

/// Bytes of a description on one line.
const BYTES_PER_LINE: usize = 24;

pub(super) fn structure(record: &Record, model: &Model, out: &mut String) {
    out.push('\n');
    if !record.doc.is_empty() {
        out.push_str(&doc(&record.doc, ""));
    }
    let _ = writeln!(out, "typedef struct {} {{", record.c_name);
    for (at, member) in record.members.iter().enumerate() {
        let align = if at == 0 { format!("SHMREC_ALIGNAS({}) ", record.align) } else { String::new() };
        match member {
            Member::Pad(pad) => {
                let _ = writeln!(out, "    {align}uint8_t {}[{}];", pad.name, pad.size);
            }
            Member::Field(field) => {
                let words = words(field, model);
                if words.contains('\n') {
                    out.push_str(&doc(&words, "    "));
                }
                let _ = write!(out, "    {align}{} {}", element(field.ty.element, model), field.c_name);
                for length in &field.ty.dims {
                    let _ = write!(out, "[{length}]");
                }
                if let Some(deprecated) = &field.deprecated {
                    let _ = write!(out, " SHMREC_DEPRECATED(\"{}\")", out_of_use(deprecated));
                }
                if words.is_empty() || words.contains('\n') {
                    out.push_str(";\n");
                } else {
                    let _ = writeln!(out, "; /* {} */", comment(&words));
                }
            }
        }
    }
    let _ = writeln!(out, "}} {};\n", record.c_name);
}

pub(super) fn assertions(record: &Record, out: &mut String) {
    let ty = &record.c_name;
    let (size, align) = (record.size, record.align);
    let _ = writeln!(out, "SHMREC_STATIC_ASSERT(sizeof({ty}) == {size}, \"{ty}: size\");");
    let _ = writeln!(out, "SHMREC_STATIC_ASSERT(SHMREC_ALIGNOF({ty}) == {align}, \"{ty}: alignment\");");
    for Field { c_name, offset, deprecated, .. } in record.fields() {
        let assertion =
            format!("SHMREC_STATIC_ASSERT(offsetof({ty}, {c_name}) == {offset}, \"{ty}: {c_name}\");");
        if deprecated.is_none() {
            let _ = writeln!(out, "{assertion}");
        } else {
            // `offsetof` counts as a use.
            let _ = writeln!(out, "SHMREC_USE_DEPRECATED\n{assertion}\nSHMREC_USED_DEPRECATED");
        }
    }
}

pub(super) fn identity(record: &Record, out: &mut String) {
    let Record { c_name, c_macro, name, size, align, layout_id, schema_id, description, .. } = record;
    let _ = writeln!(out, "\n#define {c_macro}_LAYOUT_ID UINT64_C(0x{layout_id:016x})");
    let _ = writeln!(out, "#define {c_macro}_SCHEMA_ID UINT64_C(0x{schema_id:016x})\n");
    let _ = writeln!(out, "static const unsigned char {c_name}_description[{}] = {{", description.len());
    for line in description.chunks(BYTES_PER_LINE) {
        out.push_str("    ");
        for byte in line {
            decimal(*byte, out);
            out.push(',');
        }
        out.push('\n');
    }
    let _ = write!(
        out,
        "}};\n\nstatic const shmrec_layout {c_name}_layout = {{\n    \"{name}\", {size}, {align}, {c_macro}_LAYOUT_ID, \
         {c_macro}_SCHEMA_ID,\n    {c_name}_description, sizeof {c_name}_description,\n}};\n"
    );
}

/// A description has a hundred bytes for each field: they are written without the formatting machinery.
fn decimal(byte: u8, out: &mut String) {
    for power in [100, 10] {
        if byte >= power {
            out.push(char::from(b'0' + byte / power % 10));
        }
    }
    out.push(char::from(b'0' + byte % 10));
}

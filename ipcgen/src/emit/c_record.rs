//! A record in C: the struct with its padding spelled out, assertions on every offset, ids and description. Relies on the
//! model; checks nothing.

use std::fmt::Write;

use super::c::{comment, doc, element};
use super::c_facts::words;
use crate::model::{Field, Member, Model, Record};

/// Words of a description on one line.
const WORDS_PER_LINE: usize = 5;

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
                    let _ = write!(out, " SHMREC_DEPRECATED(\"{}\")", deprecated.words());
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
    let padded = u8::from(record.has_padding);
    let _ = writeln!(out, "\n#define {c_macro}_LAYOUT_ID UINT64_C(0x{layout_id:016x})");
    let _ = writeln!(out, "#define {c_macro}_SCHEMA_ID UINT64_C(0x{schema_id:016x})\n");
    // As words: compilers take longer for eight numbers than for one. Little-endian, as the C runtime demands.
    let _ = writeln!(out, "static const uint64_t {c_name}_description[{}] = {{", description.len() / 8);
    for line in description.chunks(8 * WORDS_PER_LINE) {
        out.push_str("    ");
        for word in line.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            let _ = write!(out, "{:#x},", u64::from_le_bytes(bytes));
        }
        out.push('\n');
    }
    let _ = write!(
        out,
        "}};\n\nstatic const shmrec_layout {c_name}_layout = {{\n    \"{name}\", {size}, {align}, {padded}, \
         {c_macro}_LAYOUT_ID, {c_macro}_SCHEMA_ID,\n    SHMREC_CONST_BYTES({c_name}_description), sizeof {c_name}_description,\n}};\n"
    );
}

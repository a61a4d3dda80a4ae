//! The part of the C header that is about a segment of another program: where its records are, as a constant, and through
//! one macro of the C runtime the typed functions. Relies on the model and on the order of members in `shmrec_foreign`:
//! designated initialisers are not C++ before C++20.

use std::fmt::Write;

use super::c::doc;
use crate::model::{Guard, Record, Segment};

/// What holds where the schema says nothing.
const MODE: u32 = 0o600;
const TIMEOUT_MS: u32 = 1000;

pub(super) fn segment(segment: &Segment, record: &Record, out: &mut String) {
    let Segment { c_name, offset, stride, .. } = segment;
    let (kind, name, index) = match &segment.guard {
        Guard::None => ("NONE", None, 0),
        Guard::Sysv { key, index } => ("SYSV", Some(key), *index),
        Guard::Posix { name } => ("POSIX", Some(name), 0),
        Guard::Seqcount { .. } => ("SEQCOUNT", None, 0),
    };
    let (counter, bits, per_record) = match segment.guard {
        Guard::Seqcount { offset, bits, per_record } => (offset, bits, per_record),
        _ => (0, 0, false),
    };
    let count = segment.count.map_or("SHMREC_REST".to_owned(), |count| format!("UINT64_C({count})"));
    let timeout_ns = u64::from(segment.timeout_ms.unwrap_or(TIMEOUT_MS)) * 1_000_000;
    let members = [
        ("address", literal(&segment.address)),
        ("guard_name", name.map_or("NULL".to_owned(), |name| literal(name))),
        ("offset", format!("UINT64_C({offset})")),
        ("count", count),
        ("stride", format!("UINT64_C({stride})")),
        ("counter_offset", format!("UINT64_C({counter})")),
        ("timeout_ns", format!("UINT64_C({timeout_ns})")),
        ("guard", format!("SHMREC_GUARD_{kind}")),
        ("guard_index", index.to_string()),
        ("counter_bits", bits.to_string()),
        ("mode", format!("0{:03o}", segment.mode.unwrap_or(MODE))),
        ("owner", segment.owner.unwrap_or(0).to_string()),
        ("has_owner", segment.owner.is_some().to_string()),
        ("counter_per_record", per_record.to_string()),
        ("accept_unsealed", segment.accept_unsealed.to_string()),
        ("reserved", "{0}".to_owned()),
    ];
    out.push('\n');
    if !segment.doc.is_empty() {
        out.push_str(&doc(&segment.doc, ""));
    }
    let _ = writeln!(out, "static const shmrec_foreign {c_name}_foreign = {{");
    for (member, value) in members {
        let _ = writeln!(out, "    {value}, /* {member} */");
    }
    let _ = write!(out, "}};\n\nSHMREC_DEFINE_ADOPTED({c_name}, {}, \"{}\")\n", record.c_name, record.name);
}

/// A string literal. Every `?` is escaped, so that no trigraph arises.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('?', "\\?"))
}

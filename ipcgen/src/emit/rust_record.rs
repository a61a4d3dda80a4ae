//! A record in Rust: a `repr(C)` struct that derives `ShmRecord`, and assertions on what the compiler makes of it.
//! Relies on the model; checks nothing.

use std::fmt::Write;

use super::rust::{assign, attribute, lines, path};
use super::rust_facts;
use crate::model::{self, Element, Field, Kind, Member, Model, Record};

pub(super) fn structure(record: &Record, model: &Model, out: &mut String) {
    out.push('\n');
    lines(&record.doc, "///", "", out);
    out.push_str("#[derive(::shmrecord::ShmRecord, Clone, Copy, Debug, PartialEq)]\n");
    if record.align == record.natural_align {
        out.push_str("#[repr(C)]\n");
    } else {
        let _ = writeln!(out, "#[repr(C, align({}))]", record.align);
    }
    let name = (record.rust_name != record.name).then(|| format!("name = \"{}\"", record.name));
    let version = record.refers_to_versions().then(|| format!("version = {}", model.version));
    let said: Vec<String> = name.into_iter().chain(version).collect();
    if !said.is_empty() {
        attribute("shm", &said, "", out);
    }
    if record.fields().any(|field| field.rust_name.contains(|c: char| c.is_ascii_uppercase())) {
        out.push_str("#[allow(non_snake_case, reason = \"the names are those of the schema\")]\n");
    }
    let _ = writeln!(out, "pub struct {} {{", record.rust_name);
    for member in &record.members {
        match member {
            // The compiler inserts by itself what it was not told to.
            Member::Pad(pad) if pad.asked => {
                let _ = writeln!(
                    out,
                    "    #[shm(padding)]\n    pub {}: ::shmrecord::Reserved<{}>,",
                    pad.name, pad.size
                );
            }
            Member::Pad(_) => {}
            Member::Field(field) => self::field(field, model, out),
        }
    }
    out.push_str("}\n");
}

fn field(field: &Field, model: &Model, out: &mut String) {
    lines(&field.doc, "///", "    ", out);
    if let Some(deprecated) = &field.deprecated {
        attribute("deprecated", &[format!("note = \"{}\"", deprecated.words())], "    ", out);
    }
    let said = rust_facts::said(field, model);
    if !said.is_empty() {
        attribute("shm", &said, "    ", out);
    }
    let ty = model::array_type(&element(field.ty.element, model), &field.ty.dims);
    assign(&format!("pub {}:", field.rust_name), &format!("{ty},"), "    ", out);
}

/// The Rust type of an element.
pub(super) fn element(element: Element, model: &Model) -> String {
    match element {
        Element::Scalar(kind) => kind.name().to_owned(),
        Element::Char => Kind::U8.name().to_owned(),
        Element::Enum(at) => path(&model.enums[at].rust_name, &model.enums[at].origin),
        Element::Record(at) => path(&model.records[at].rust_name, &model.records[at].origin),
    }
}

pub(super) fn assertions(record: &Record, out: &mut String) {
    let Record { rust_name, size, align, layout_id, schema_id, .. } = record;
    let _ = write!(
        out,
        "\n{}const _: () = {{\n    use ::core::mem::{{align_of, offset_of, size_of}};\n    type T = self::{rust_name};\n    \
         assert!(size_of::<T>() == {size});\n    assert!(align_of::<T>() == {align});\n",
        // `offset_of!` counts as a use.
        if record.fields().any(|field| field.deprecated.is_some()) {
            "#[allow(deprecated, reason = \"every field is asserted\")]\n"
        } else {
            ""
        }
    );
    for Field { rust_name: name, offset, .. } in record.fields() {
        // Arguments of more than 60 columns stand one below the other.
        if "T, ".len() + name.len() <= 60 {
            let _ = writeln!(out, "    assert!(offset_of!(T, {name}) == {offset});");
        } else {
            let [two, three] = ["    ".repeat(2), "    ".repeat(3)];
            let call = format!("offset_of!(\n{three}T,\n{three}{name}\n{two})");
            let _ = writeln!(out, "    assert!(\n{two}{call} == {offset}\n    );");
        }
    }
    let _ = write!(
        out,
        "    assert!(<T as ::shmrecord::ShmRecord>::LAYOUT.layout_id == 0x{layout_id:016x});\n    \
         assert!(<T as ::shmrecord::ShmRecord>::LAYOUT.schema_id == 0x{schema_id:016x});\n}};\n"
    );
}

//! Every output of every golden schema is what it was, byte for byte.

mod support;

use std::process::Command;

use ipcgen::emit::{self, Language};
use support::{entries, expect, golden_cases, has_tool, model, path, run};

#[test]
fn outputs_are_what_they_were() {
    for (folder, model) in golden_cases() {
        expect(&folder.join("expected.h"), &Language::C.emit(&model));
        expect(&folder.join("expected.rs"), &Language::Rust.emit(&model));
        expect(&folder.join("expected.py"), &Language::Python.emit(&model));
        expect(&folder.join("expected.go"), &Language::Go.emit(&model));
        expect(&folder.join("expected.txt"), &emit::listing(&model));
        expect(&folder.join("expected.json"), &emit::json([&model]));
        expect(&folder.join("expected.svg"), &emit::svg([&model]));
    }
}

#[test]
fn the_ids_of_market_data_never_change() {
    let record = &model(&path("../schemas/market_data.toml")).records[0];
    assert_eq!(record.layout_id, 0x723f_c907_23bb_e9c9);
    let source = std::fs::read_to_string(path("../schemas/market_data.toml")).unwrap();
    let without_units = source.replace(", unit = \"USD\"", "").replace(", unit = \"shares\"", "");
    let (model, _) = ipcgen::compile(&ipcgen::source::Source::new("md.toml", without_units));
    let record = &model.unwrap().records[0];
    assert_eq!((record.layout_id, record.schema_id), (0x723f_c907_23bb_e9c9, 0xf87f_363a_5103_7ced));
}

#[test]
fn the_schemas_of_the_project_hold_without_a_warning() {
    for schema in
        entries(&path("../schemas")).iter().filter(|path| path.extension().is_some_and(|e| e == "toml"))
    {
        let source = ipcgen::source::Source::read(schema).unwrap();
        let (_, found) = ipcgen::compile(&source);
        assert_eq!(found.render(&source, false), "");
    }
}

#[test]
fn rust_output_is_as_rustfmt_writes_it() {
    if !has_tool("rustfmt") {
        return;
    }
    let generated = golden_cases().into_iter().map(|(folder, _)| folder.join("expected.rs"));
    let defaults = ["--check", "--edition", "2024", "--config", "max_width=100,use_small_heuristics=Default"];
    run(Command::new("rustfmt").args(defaults).args(generated));
}

#[test]
fn drawings_are_xml() {
    if !has_tool("python3") {
        return;
    }
    let drawings = entries(&path("tests/golden")).into_iter().map(|folder| folder.join("expected.svg"));
    let parse = "import sys, xml.dom.minidom\nfor path in sys.argv[1:]: xml.dom.minidom.parse(path)";
    run(Command::new("python3").arg("-c").arg(parse).args(drawings));
}

#[test]
fn the_largest_record_is_drawn_on_a_page() {
    let text = "[schema]\nname = \"big\"\n[record.Big]\nfields = [ { name = \"a\", type = \"[u64; 268435456]\", \
                doc = \"a < b & \\\"c\\\"\" } ]\n";
    let (model, _) = ipcgen::compile(&ipcgen::source::Source::new("big.toml", text));
    let drawing = emit::svg([&model.unwrap()]);
    assert!(drawing.len() < 4096 && drawing.contains("a &lt; b &amp; \"c\""), "{drawing}");
    assert!(drawing.contains("height=\"182\"") && drawing.contains("to line 33554431"), "{drawing}");
}

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

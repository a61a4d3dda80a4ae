//! Every rule has a fixture that breaks it, and the whole report is what it was. One file shows one rule, sometimes in
//! several ways.

mod support;

use std::collections::BTreeSet;
use std::fs;

use ipcgen::Schemas;
use ipcgen::rules::Rule;
use ipcgen::source::Source;
use support::{entries, expect, ipcgen, path, run};

#[test]
fn reports_are_what_they_were() {
    let mut shown = BTreeSet::new();
    let folder = format!("{}/", path("tests/errors").display());
    for schema in entries(&path("tests/errors")) {
        if schema.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = schema.file_name().unwrap().to_str().unwrap();
        let code = &name[..5];
        let mut schemas = Schemas::default();
        schemas.load(&schema).unwrap();
        let reports = schemas.units().iter().map(|unit| {
            assert_eq!(unit.model.is_none(), unit.found.has_errors());
            unit.found.render(&unit.source, false)
        });
        // Reports name files by their paths, which differ from machine to machine.
        let report = reports.collect::<String>().replace(&folder, "");
        assert!(report.contains(&format!("[{code}]")), "{name}:\n{report}");
        shown.insert(code.to_owned());
        expect(&schema.with_extension("stderr"), &report);
    }
    // What breaks earlier versions takes two files: it is in the fixtures of `evolution`.
    let alone = Rule::ALL.iter().filter(|rule| !("E0711".."E0800").contains(&rule.code()));
    let codes: BTreeSet<String> = alone.map(|rule| rule.code().to_owned()).collect();
    assert_eq!(shown, codes);
}

fn whole_report(source: &Source) -> String {
    let (model, found) = ipcgen::compile(source);
    assert_eq!(model.is_none(), found.has_errors());
    found.render(source, false)
}

#[test]
fn every_rule_is_explained() {
    for rule in Rule::ALL {
        let text = run(ipcgen().args(["explain", rule.code()]));
        assert!(text.starts_with(rule.code()) && text.contains(rule.explanation()));
    }
}

#[test]
fn a_toml_error_does_not_hide_the_others() {
    let schema = "[schema]\nname = \"md\"\n[record.A]\nfields = [\n  { name = \"x\" type = \"u8\" },\n  \
                  { name = \"y\", type = \"[u8; 0]\" },\n]\n[record.int]\nfields = [ { name = \"z\", type = \"B\" } ]\n";
    let (_, found) = ipcgen::compile(&Source::new("md.toml", schema));
    let codes: Vec<_> = found.reports().iter().map(|report| report.rule.code()).collect();
    // That `B` is unknown may be due to the broken line, so it waits.
    assert_eq!(codes, ["E0101", "E0304", "E0202"]);
}

#[test]
fn long_lines_and_many_errors_stay_readable() {
    let fields: String = (0..2000).map(|at| format!("{{ name = \"f{at}\", type = \"f46\" }},")).collect();
    let text = format!("[schema]\nname = \"md\"\n[record.A]\nfields = [{fields}]\n");
    let source = Source::new("md.toml", text);
    let report = whole_report(&source);
    assert!(report.contains("--> md.toml:4:33\n"), "{}", &report[..500]);
    assert!(report.contains("1500 more reports are not shown"));
    assert!(report.contains("md.toml: 2000 errors"));
    assert!(report.len() < 500_000);
}

#[test]
fn no_enumerator_is_called_like_a_method_of_its_type() {
    for (section, numbers, expanded) in [("flags", "bits", "flags"), ("enum", "values", "open")] {
        let derived = path(&format!("../derive/tests/expand/{expanded}.expanded.rs"));
        let derived = fs::read_to_string(derived).unwrap();
        let methods = derived.split("pub const fn ").skip(1).filter_map(|rest| rest.split('(').next());
        let mut count = 0;
        for method in methods {
            let schema = format!(
                "[schema]\nname = \"md\"\n[{section}.X]\nrepr = \"u8\"\n\
                 {numbers} = {{ A = {{ {} = 0, rename = {{ rust = \"{method}\" }} }} }}\n",
                if section == "flags" { "bit" } else { "value" }
            );
            let report = whole_report(&Source::new("md.toml", schema));
            assert!(report.contains("[E0202]"), "{method}:\n{report}");
            count += 1;
        }
        assert!(count > 0, "{expanded}: no methods");
    }
}

//! No field of a schema is hidden by a macro of the headers that generated ones include: of every name that the compiler
//! knows there, ipcgen refuses it or the header compiles. Relies on gcc and clang, and on the C library that is there.

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;

use ipcgen::emit::Language;
use ipcgen::source::Source;
use support::{Scratch, has_tool, run};

/// The names of the macros without arguments, as far as a schema can have such names.
fn macros(compiler: &str, standard: &str, folder: &Scratch, source: &str) -> BTreeSet<String> {
    let source = folder.file(source, "#include \"shmrecord/adopt.h\"\n");
    let defined = run(Command::new(compiler).arg(standard).args(["-dM", "-E"]).arg(source));
    let names = defined.lines().filter_map(|line| line.strip_prefix("#define ")?.split(' ').next());
    let names = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    names.filter(|name| !name.starts_with('_') && !name.contains("__")).map(str::to_owned).collect()
}

/// A schema with a record of such fields.
fn schema(fields: &[&String]) -> String {
    let mut text = "[schema]\nname = \"md\"\n[record.A]\nfields = [\n".to_owned();
    fields.iter().enumerate().for_each(|(at, field)| {
        // In Go names lose their case and underscores, in which some of these differ alone.
        let _ = writeln!(text, "  {{ name = \"{field}\", type = \"u8\", rename = {{ go = \"F{at}\" }} }},");
    });
    text + "]\n"
}

#[test]
fn no_field_is_a_macro_of_the_headers() {
    for (compiler, standard, file) in [
        ("gcc", "-std=c11", "a.c"),
        ("gcc", "-std=gnu17", "a.c"),
        ("clang", "-std=c11", "a.c"),
        ("g++", "-std=c++17", "a.cpp"),
    ] {
        if !has_tool(compiler) {
            continue;
        }
        let folder = Scratch::new("macros");
        support::write_headers(&[], &folder);
        let names = macros(compiler, standard, &folder, file);
        assert!(names.contains("EINVAL") && names.contains("O_RDONLY"), "{compiler}: {names:?}");
        let is_taken = |name: &&String| {
            let (model, found) = ipcgen::compile(&Source::new("md.toml", schema(&[*name])));
            assert!(model.is_some() || found.reports().iter().all(|report| report.rule.code() == "E0202"));
            model.is_none()
        };
        let free: Vec<&String> = names.iter().filter(|name| !is_taken(name)).collect();
        if free.is_empty() {
            continue;
        }
        let source = Source::new("md.toml", schema(&free));
        let (model, found) = ipcgen::compile(&source);
        let model = model.unwrap_or_else(|| panic!("{}", found.render(&source, false)));
        folder.file("md.h", &Language::C.emit(&model));
        let source = folder.file(file, "#include \"md.h\"\n");
        run(Command::new(compiler).args([standard, "-fsyntax-only"]).arg(source));
    }
}

#[test]
fn names_that_look_like_macros_are_free() {
    let names =
        ["PX_MAX", "ETA", "END", "E", "S_2", "SIZE_2_MAX", "MAX", "SYMBOL", "SYS", "MSG"].map(str::to_owned);
    let source = Source::new("md.toml", schema(&names.iter().collect::<Vec<_>>()));
    let (model, found) = ipcgen::compile(&source);
    assert!(model.is_some(), "{}", found.render(&source, false));
}

//! What Python and Go make of their outputs: importing and vetting find nothing, and sizes, offsets and ids are those of the
//! model, which `ipcgen layout` prints and which C and Rust are compared with.

mod support;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use ipcgen::emit::Language;
use ipcgen::model::Model;
use support::random::Random;
use support::{Scratch, golden_cases, has, has_tool, model, path, run};

/// How many random schemas there are.
const RANDOM: usize = 200;

fn golden_models() -> Vec<Model> {
    golden_cases().into_iter().map(|(_, model)| model).collect()
}

fn random_models() -> Vec<Model> {
    let mut random = Random::seeded();
    (0..RANDOM).map(|at| random.schema(&format!("r{at}"))).collect()
}

/// What the programs in `layouts/` print of these models.
fn expected(models: &[Model], language: Language) -> String {
    let mut text = String::new();
    for model in models {
        for record in &model.records {
            let _ = writeln!(
                text,
                "{}.{} {} {} {:016x} {:016x}",
                model.name, record.name, record.size, record.align, record.layout_id, record.schema_id
            );
            for field in record.fields() {
                let renamed = match language {
                    Language::Go => &field.renamed.go,
                    _ => &field.renamed.python,
                };
                // Go writes names in another way.
                let name = renamed.as_ref().unwrap_or(&field.name).replace('_', "").to_lowercase();
                let _ = writeln!(text, "  {name} {} {}", field.offset, field.size);
            }
        }
    }
    text
}

/// What the programs `use_facts.py` and `use_facts.go` are about.
fn facts() -> Model {
    model(&path("tests/layouts/facts.toml"))
}

fn compare(expected: &str, actual: &str) {
    assert!(expected == actual, "{}", similar::TextDiff::from_lines(expected, actual).unified_diff());
}

/// Writes each model's output, and what it relies on.
fn write(models: &[Model], language: Language, folder: &Scratch) {
    for (name, text) in language.runtime() {
        folder.file(name, text);
    }
    for model in models {
        folder.file(&language.file_name(model), &language.emit(model));
    }
}

fn python_agrees(test: &str, models: &[Model]) {
    if !has_tool("python3") {
        return;
    }
    let folder = Scratch::new(test);
    write(models, Language::Python, &folder);
    let names = models.iter().map(|model| &model.name);
    let mut command = Command::new("python3");
    // Warnings are errors, of the compiler too.
    command.args(["-B", "-W", "error"]).arg(path("tests/layouts/show.py")).args(names);
    compare(&expected(models, Language::Python), &run(command.env("PYTHONPATH", folder.path(""))));
}

#[test]
fn python_agrees_on_the_golden_schemas() {
    has("numpy", Command::new("python3").args(["-c", "import numpy"]));
    python_agrees("python-golden", &golden_models());
}

#[test]
fn python_agrees_on_random_schemas() {
    python_agrees("python-random", &random_models());
}

#[test]
fn the_python_modules_need_nothing_but_the_standard_library() {
    if !has_tool("python3") {
        return;
    }
    let folder = Scratch::new("python-alone");
    write(&golden_models(), Language::Python, &folder);
    // Isolated, without installed packages.
    let program = "import sys; sys.path.insert(0, sys.argv[1]); import shmrecord, md; print(md.MarketData.price.offset)";
    let mut command = Command::new("python3");
    command.args(["-B", "-I", "-S", "-W", "error", "-c", program]).arg(folder.path(""));
    assert_eq!(run(&mut command), "16\n");
}

/// A schema and one that it imports.
fn importing() -> Vec<Model> {
    let folder = Scratch::new(&format!("importing-{:?}", std::thread::current().id()));
    folder.file(
        "common.toml",
        "[schema]\nname = \"common\"\n[enum.Side]\nrepr = \"u8\"\nvalues = { Bid = 1 }\n[record.Level]\n\
         fields = [ { name = \"px\", type = \"f64\" }, { name = \"side\", type = \"Side\" } ]\n",
    );
    let book = folder.file(
        "book.toml",
        "[schema]\nname = \"ladder\"\nimport = [\"common.toml\"]\n[record.Book]\n\
         fields = [ { name = \"levels\", type = \"[Level; 2]\" }, { name = \"last\", type = \"Side\" } ]\n",
    );
    let mut schemas = ipcgen::Schemas::default();
    schemas.load(&book).unwrap();
    let models: Vec<Model> =
        schemas.units().iter().map(|unit| unit.model.as_deref().unwrap().clone()).collect();
    assert_eq!(models.len(), 2);
    models
}

#[test]
fn what_is_imported_stands_in_each_output_again() {
    python_agrees("python-import", &importing());
    go_agrees("go-import", &importing());
}

#[test]
fn python_makes_use_of_what_is_said_of_fields() {
    if !has_tool("python3") {
        return;
    }
    python_agrees("python-facts", &[facts()]);
    let folder = Scratch::new("python-facts-used");
    write(&[facts()], Language::Python, &folder);
    let mut command = Command::new("python3");
    command.args(["-B", "-W", "error"]).arg(path("tests/layouts/use_facts.py"));
    run(command.env("PYTHONPATH", folder.path("")));
}

/// Go without modules of others, without cgo and without leaving anything outside the target folder.
fn go(folder: &Scratch) -> Command {
    let mut command = Command::new("go");
    command.envs([("GO111MODULE", "on"), ("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=mod"), ("GOPROXY", "off")]);
    command.env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"));
    command.current_dir(folder.path(""));
    command
}

/// The records' types, by what the generated package says of itself.
fn go_types(model: &Model) -> Vec<String> {
    let text = Language::Go.emit(model);
    let methods = text.lines().filter_map(|line| line.strip_prefix("func (*")?.split_once(") ShmRecord()"));
    methods.map(|(ty, _)| ty.to_owned()).collect()
}

/// A module with the packages of these models, and a program that shows them.
fn go_module(test: &str, models: &[Model]) -> Option<Scratch> {
    if !has("go", Command::new("go").arg("version")) {
        return None;
    }
    let folder = Scratch::new(test);
    write(models, Language::Go, &folder);
    folder.file("go.mod", "module example\n\ngo 1.18\n");
    folder.file("show.go", &fs::read_to_string(path("tests/layouts/show.go")).unwrap());
    let mut imports = String::new();
    let mut calls = String::new();
    for model in models.iter().filter(|model| !model.records.is_empty()) {
        let _ = writeln!(imports, "\t\"example/{}\"", model.name);
        for ty in go_types(model) {
            let _ = writeln!(calls, "\tshow(\"{0}\", new({0}.{ty}))", model.name);
        }
    }
    folder.file("main.go", &format!("package main\n\nimport (\n{imports})\n\nfunc main() {{\n{calls}}}\n"));
    Some(folder)
}

/// What Go makes of these models is the model's, and gofmt has nothing to say.
fn go_agrees(test: &str, models: &[Model]) {
    let Some(folder) = go_module(test, models) else { return };
    compare(&expected(models, Language::Go), &run(go(&folder).args(["run", "."])));
    if has("gofmt", Command::new("gofmt").arg("-h")) {
        let files = models.iter().map(|model| folder.path(&Language::Go.file_name(model)));
        assert_eq!(run(Command::new("gofmt").arg("-l").args(files).arg(folder.path("shmrecord"))), "");
    }
}

#[test]
fn go_agrees_on_the_golden_schemas() {
    go_agrees("go-golden", &golden_models());
}

#[test]
fn go_agrees_on_random_schemas() {
    go_agrees("go-random", &random_models());
}

#[test]
fn go_makes_use_of_what_is_said_of_fields() {
    go_agrees("go-facts", &[facts()]);
    let Some(folder) = go_module("go-facts-used", &[facts()]) else { return };
    folder.file("main.go", &fs::read_to_string(path("tests/layouts/use_facts.go")).unwrap());
    fs::remove_file(folder.path("show.go")).unwrap();
    let expected = "10 AB Bid Auction [None 7 Ask] 1 false true\n\
                    SNAPSHOT|CROSSED|0x4 true false 0x0\n\
                    2023-11-14 22:13:20.123456789 +0000 UTC\n\
                    false 1.5 0 true\n\
                    true 9.223372036854776e+09 7000 false\n\
                    true false -1.5\n";
    compare(expected, &run(go(&folder).args(["run", "."])));
    assert_eq!(run(go(&folder).args(["vet", "./..."])), "");
}

#[test]
fn go_vet_has_nothing_to_say() {
    let models = golden_models();
    let Some(folder) = go_module("go-vet", &models) else { return };
    for processor in ["amd64", "arm64"] {
        assert_eq!(run(go(&folder).args(["vet", "./..."]).env("GOARCH", processor)), "");
    }
    // Of 32-bit machines the structs alone: the reader is not for them.
    let packages = models.iter().map(|model| format!("./{}", model.name));
    assert_eq!(run(go(&folder).arg("vet").args(packages).env("GOARCH", "386")), "");
}

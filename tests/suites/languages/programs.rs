//! The C runtime's own tests, compiled as C and C++ and run on every kind of segment; and their generated headers.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use integration_tests::place::{Backend, Place};
use ipcgen::emit::Language;
use ipcgen::output::Output;

use crate::tools::{Compiler, model, project, run};

#[test]
fn the_fixture_is_what_ipcgen_makes() {
    for schema in files("tests/c/fixture", "toml") {
        let model = model(&schema);
        let header = Output { path: schema.with_extension("h"), text: Language::C.emit(&model) };
        let difference = header.difference().unwrap();
        assert!(
            difference.is_none(),
            "{}: not up to date\n{}",
            schema.display(),
            difference.unwrap_or_default()
        );
    }
}

#[test]
fn as_c11_with_gcc() {
    compile_and_run(&Compiler { name: "gcc", flags: &["-std=c11", "-O1"] }, |_| true);
}

#[test]
fn as_c17_with_clang() {
    compile_and_run(&Compiler { name: "clang", flags: &["-std=c17", "-O1"] }, |_| true);
}

#[test]
fn as_cxx17_with_gxx() {
    let flags = &["-xc++", "-std=c++17", "-O1", "-Wold-style-cast", "-Wuseless-cast"];
    compile_and_run(&Compiler { name: "g++", flags }, is_cxx);
}

#[test]
fn as_cxx17_with_clangxx() {
    let flags = &["-xc++", "-std=c++17", "-O1", "-Wold-style-cast"];
    compile_and_run(&Compiler { name: "clang++", flags }, is_cxx);
}

/// What the programs share is C; one that does without it is C++ too.
fn is_cxx(source: &str) -> bool {
    !source.contains("\"common.h\"")
}

fn compile_and_run(compiler: &Compiler, wanted: impl Fn(&str) -> bool) {
    if !compiler.is_there() {
        return;
    }
    let sources = files("tests/c", "c").into_iter();
    let sources: Vec<_> = sources.filter(|path| wanted(&fs::read_to_string(path).unwrap())).collect();
    assert!(!sources.is_empty());
    for source in sources {
        let stem = source.file_stem().unwrap().to_string_lossy();
        let fixture = project("tests/c/fixture");
        let program = compiler.compile(&format!("{stem}-{}", compiler.name), &source, &[&fixture]);
        for backend in Backend::PUBLIC {
            let place = Place::new(backend);
            if backend == Backend::File {
                // As in /dev/shm, other accounts may make files here.
                fs::set_permissions(place.directory(), Permissions::from_mode(0o1777)).unwrap();
            }
            let said = run(Command::new(&program).arg(place.address()));
            print!("{stem} {backend:?}: {said}");
            assert!(said.starts_with("ok: ") || said.starts_with("skipped: "), "{stem}: {said}");
            assert_eq!(place.names(), [""; 0], "{stem} leaves something");
        }
    }
}

/// The files of a folder with this ending, sorted.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(project(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no *.{extension}");
    files
}

//! Headers of this project's own, with every kind of member: what is written for them, and that it has their offsets.

use std::path::Path;

use crate::agree::{agree, imported, object};
use crate::support::{Scratch, expect, has_tool, path};

/// Imports these of a header, compares the schemas with those that are expected, and the layouts by a compiler.
fn import_all(file: &str, structs: &[&str], compiler: &str) {
    let usual = if file.ends_with("hpp") { "c++" } else { "cc" };
    if !has_tool(usual) || !has_tool(compiler) {
        return;
    }
    let header = path("tests/import/golden").join(file);
    let mut all = Vec::new();
    let mut written = String::new();
    for (number, spelled) in structs.iter().enumerate() {
        let object = object(&header, spelled, &["-DDEPTH=5"]).unwrap();
        let imported = imported(&object, spelled, &format!("legacy{number}")).unwrap();
        written.push_str(&imported.text);
        written.push('\n');
        all.push(imported);
    }
    expect(&header.with_file_name(format!("{file}.toml")), &written);
    agree(compiler, &Scratch::new(&format!("import-{file}")), Path::new(&header), &all, &["-DDEPTH=5"]);
}

#[test]
fn a_header_of_c() {
    import_all(
        "legacy.h",
        &[
            "every",
            "struct names",
            "struct foreign",
            "struct packed",
            "struct packed_but_aligned",
            "struct aligned",
            "struct vectors",
            "struct lowered",
            "struct raised_again",
            "struct page_aligned",
        ],
        "gcc",
    );
}

#[test]
fn a_header_of_cpp() {
    import_all(
        "legacy.hpp",
        &[
            "feed::Quote",
            "feed::Alias",
            "feed::Virtual",
            "feed::Refers",
            "feed::Versioned",
            "feed::Homonyms",
            "feed::Tail",
            "feed::Ring<char, 7>",
        ],
        "g++",
    );
}

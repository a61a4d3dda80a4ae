//! `ipcgen import` as it is typed: streams, exit codes, files, what is left behind.

use std::fs;

use crate::support::{Scratch, entries, has_tool, ipcgen, path};

/// Exit code, standard output, standard error, in a folder whose `tmp` holds what is temporary.
fn typed(arguments: &[&str], folder: &Scratch) -> (i32, String, String) {
    let mut command = ipcgen();
    command.arg("import").args(arguments).current_dir(folder.path("")).env("TMPDIR", folder.path("tmp"));
    let output = command.env_remove("CC").env_remove("CXX").output().unwrap();
    assert_eq!(entries(&folder.path("tmp")), [] as [std::path::PathBuf; 0], "{arguments:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn scratch(test: &str) -> Scratch {
    let folder = Scratch::new(test);
    fs::create_dir_all(folder.path("tmp")).unwrap();
    fs::create_dir_all(folder.path("inc")).unwrap();
    folder.file("inc/depth.h", "#define DEPTH 4\n");
    folder.file(
        "feed.h",
        "#include \"depth.h\"\n#ifndef SCALE\n#error \"no SCALE\"\n#endif\n\
         struct quote { long price[DEPTH]; int size; };\n\
         struct node { struct node *next; int on : 1;\n union { int i; float f; } u; };\n",
    );
    folder
}

const SCHEMA: &str = "# What `quote` of feed.h:5 is, as its compiler placed it.
[schema]
name = \"feed\"

[record.quote]
doc = \"`quote` of feed.h:5.\"
size = 40
fields = [
  { name = \"price\", type = \"[i64; 4]\" },
  { name = \"size\", type = \"i32\" },
]
";

#[test]
fn a_header_is_imported_with_the_options_of_its_compiler() {
    if !has_tool("cc") || !has_tool("gcc") {
        return;
    }
    let folder = scratch("import-typed");
    let options = ["feed.h", "-I", "inc", "-DSCALE=1", "--record", "quote"];
    assert_eq!(typed(&options, &folder), (0, SCHEMA.to_owned(), String::new()));
    let other = [&options[..], &["--cc", "gcc -std=c11", "-o", "out/old.toml"]].concat();
    assert_eq!(typed(&other, &folder), (0, String::new(), String::new()));
    let written = fs::read_to_string(folder.path("out/old.toml")).unwrap();
    assert_eq!(written, SCHEMA.replace("\"feed\"", "\"old\""));
    assert!(ipcgen().arg(folder.path("out/old.toml")).output().unwrap().status.success());
}

#[test]
fn names_that_a_language_has_taken_are_changed() {
    if !has_tool("cc") {
        return;
    }
    let folder = scratch("import-taken");
    folder.file("shmrec.h", "struct none { int class; int shmrec_x; int EOF_; };\n");
    let (code, schema, said) = typed(&["shmrec.h", "--record", "none"], &folder);
    assert_eq!((code, said.as_str()), (0, ""));
    let names = ["name = \"n_shmrec\"", "[record.none_2]", "\"class_\"", "\"n_shmrec_x\"", "\"EOF_\""];
    assert!(names.iter().all(|name| schema.contains(name)), "{schema}");
}

#[test]
fn structs_that_are_too_deep_or_too_large_are_named_with_their_line() {
    if !has_tool("cc") {
        return;
    }
    let folder = Scratch::new("import-typed-limits");
    fs::create_dir_all(folder.path("tmp")).unwrap();
    let nests: String =
        (1..40).map(|depth| format!("struct n{depth} {{ struct n{} in; }};\n", depth - 1)).collect();
    folder.file("deep.h", &format!("struct n0 {{ int x; }};\n{nests}"));
    folder.file(
        "large.h",
        "struct large { short a[0x30000000], b[0x30000000]; };\nstruct array { char a[0x90000000]; };\n\
         struct more { int n; struct array array; };\nstruct longer { char a[0x140000000]; };\n",
    );
    assert_eq!(typed(&["deep.h", "--record", "n31"], &folder).0, 0);
    let (code, _, words) = typed(&["deep.h", "--record", "n33"], &folder);
    assert_eq!(code, 1);
    assert!(
        words.contains("deep.h:33: `n32.in`, 4 bytes at 0: structs in one another, more than 32 deep\n"),
        "{words}"
    );
    let (code, schema, words) = typed(&["deep.h", "--record", "n33", "--reserve"], &folder);
    assert_eq!((code, words.as_str()), (0, ""));
    assert!(schema.contains("Reserved: `in`, structs in one another, more than 32 deep."), "{schema}");
    for (record, said) in [
        ("large", "large.h:1) has 3221225472 bytes, and a record at most 2^31"),
        ("array", "large.h:2) has 2415919104 bytes, and a record at most 2^31"),
        ("more", "large.h:3) has 2415919108 bytes, and a record at most 2^31"),
        ("longer", "large.h:4) has 5368709120 bytes, and a record at most 2^31"),
    ] {
        let (code, _, words) = typed(&["large.h", "--record", record], &folder);
        assert!(code == 1 && words.contains(said), "{words}");
    }
}

#[test]
fn what_a_schema_cannot_express_is_named_with_its_line() {
    if !has_tool("cc") {
        return;
    }
    let folder = scratch("import-typed-refused");
    let options = ["feed.h", "-Iinc", "-DSCALE", "--record", "node"];
    let (code, out, words) = typed(&options, &folder);
    assert_eq!((code, out.as_str()), (1, ""));
    let words = words.replace(&folder.path("").display().to_string(), "");
    let document = fs::read_to_string(path("../docs/IMPORT.md")).unwrap();
    assert!(document.contains(&format!("```text\n{words}```")), "docs/IMPORT.md says something else");
    assert_eq!(
        words,
        "error: `node` (feed.h:6) has 3 members that a schema cannot express
  feed.h:6: `node.next`, 8 bytes at 0: a pointer (`node *`)
  feed.h:6: `node.on`, 1 byte at 8: a bit-field
  feed.h:7: `node.u`, 4 bytes at 12: a union of `i`, `f`
  = help: with --reserve each becomes a field of bytes in its place; what takes no bytes is left out
"
    );
    let (code, out, _) = typed(&[&options[..], &["--reserve"]].concat(), &folder);
    assert_eq!(code, 0);
    assert!(out.contains("{ name = \"next\", type = \"[u8; 8]\""), "{out}");
}

#[test]
fn a_struct_is_aligned_as_its_parts_ask_for_and_as_it_asks_for_itself() {
    let folder = scratch("import-typed-aligned");
    folder.file(
        "wide.hpp",
        "struct alignas(64) Base { int a; };
struct Derived : Base { int b; };
struct Holder { int z; struct { alignas(32) char q; }; };
struct Vector { int x; float v __attribute__((vector_size(16))); };
struct United { union { int i; char c __attribute__((aligned(16))); } u; };
struct Bits { unsigned long a : 40; int b : 5; };
struct __attribute__((packed, aligned(4))) Packed { char a; int b; char c[3]; };
",
    );
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| has_tool(compiler)) {
        let records =
            [("Derived", 64), ("Holder", 32), ("Vector", 16), ("United", 16), ("Bits", 8), ("Packed", 4)];
        for (record, align) in records {
            let options = ["wide.hpp", "--cc", compiler, "--reserve", "--record", record];
            let (code, out, words) = typed(&options, &folder);
            assert_eq!((code, words.as_str()), (0, ""), "{compiler}, {record}");
            assert!(out.contains(&format!("\nalign = {align}\n")), "{compiler}: {out}");
        }
    }
}

/// Without line numbers, which every version of the system's headers has its own of.
fn without_lines(schema: &str) -> String {
    let parts = schema.split(".h:").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    parts.collect::<Vec<_>>().join(".h:")
}

#[test]
fn the_document_shows_what_is_printed() {
    if !has_tool("cc") {
        return;
    }
    let folder = scratch("import-typed-document");
    let (code, schema, words) = typed(&["linux/input.h", "--record", "input_event"], &folder);
    if words.contains("No such file") {
        println!("skipped: linux/input.h is missing");
        return;
    }
    assert_eq!((code, words.as_str()), (0, ""));
    let document = fs::read_to_string(path("../docs/IMPORT.md")).unwrap();
    let shown = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(without_lines(&schema), without_lines(shown));
}

#[test]
fn what_cannot_be_used_is_said() {
    if !has_tool("cc") {
        return;
    }
    let folder = scratch("import-typed-faults");
    folder.file("none", "");
    folder.file("text", "no program");
    folder.file("a\"b.h", "struct quote { int a; };\n");
    let cases: [(i32, &[&str], &str); 10] = [
        (2, &["feed.h", "-Iinc"], "#error \"no SCALE\""),
        (2, &["feed.h"], "depth.h"),
        (2, &["missing.h"], "missing.h"),
        (2, &["a\"b.h"], "a compiler cannot include a file of this name"),
        (2, &["feed.h", "--cc", "./missing-cc -m64"], "the compiler `./missing-cc` cannot be run"),
        (2, &["feed.h", "--cc", "false"], "`false` cannot compile the header"),
        (2, &["--elf", "missing"], "error: missing: No such file or directory"),
        (2, &["--elf", "/dev/zero"], "error: /dev/zero: not a regular file"),
        (2, &["--elf", "none"], "the file is no ELF file"),
        (2, &["--elf", "text"], "the file is no ELF file"),
    ];
    for (code, arguments, expected) in cases {
        let (actual, out, words) = typed(&[arguments, &["--record", "quote"]].concat(), &folder);
        assert_eq!((actual, out.as_str()), (code, ""), "{arguments:?}");
        assert!(words.contains(expected), "{arguments:?}: {words}");
    }
    let (code, _, words) = typed(&["feed.h", "-Iinc", "-DSCALE", "--record", "qoute"], &folder);
    assert_eq!(
        (code, words.as_str()),
        (1, "error: no struct is called `qoute`\n  = help: did you mean `quote`?\n")
    );
}

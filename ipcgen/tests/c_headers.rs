//! What C and C++ compilers make of the headers: no warning, and the layout that `ipcgen layout` prints.

mod support;

use std::fmt::Write;
use std::process::Command;

use ipcgen::emit::{self, Language};
use ipcgen::model::{Element, Field, Form, Member, Model, Record, Segment};
use shmrecord_layout::Kind;
use support::random::Random;
use support::{Scratch, golden_cases, has_tool, run, write_headers};

const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wpadded", "-Werror"];
/// Records up to this size are filled and printed byte by byte.
const MAX_DUMP: u32 = 4096;

fn golden_models() -> Vec<Model> {
    golden_cases().into_iter().map(|(_, model)| model).collect()
}

fn includes(models: &[Model]) -> String {
    models.iter().map(|model| format!("#include \"{}\"\n", Language::C.file_name(model))).collect()
}

fn compile_without_warnings(compiler: &str, standards: &[&str], extra: &[&str], extension: &str) {
    if !has_tool(compiler) {
        return;
    }
    let models = golden_models();
    let folder = Scratch::new(&format!("headers-{compiler}"));
    write_headers(&models, &folder);
    let source = folder.file(&format!("all.{extension}"), &includes(&models));
    for standard in standards {
        let mut command = Command::new(compiler);
        command.arg(format!("-std={standard}")).args(WARNINGS).args(extra).arg("-fsyntax-only").arg(&source);
        run(&mut command);
    }
}

#[test]
fn gcc_has_nothing_to_say() {
    compile_without_warnings("gcc", &["c11", "c17", "c2x", "gnu17"], &[], "c");
}

#[test]
fn clang_has_nothing_to_say() {
    compile_without_warnings("clang", &["c11", "c17", "c2x", "gnu17"], &[], "c");
}

#[test]
fn gxx_has_nothing_to_say() {
    let standards = ["c++11", "c++14", "c++17", "c++20", "c++2b", "gnu++17"];
    compile_without_warnings("g++", &standards, &["-Wold-style-cast", "-Wuseless-cast"], "cpp");
}

#[test]
fn clangxx_has_nothing_to_say() {
    let standards = ["c++11", "c++14", "c++17", "c++20", "c++2b", "gnu++17"];
    compile_without_warnings("clang++", &standards, &["-Wold-style-cast"], "cpp");
}

#[test]
fn each_header_stands_alone() {
    if !has_tool("gcc") {
        return;
    }
    let models = golden_models();
    let folder = Scratch::new("alone");
    write_headers(&models, &folder);
    let sources = models
        .iter()
        .map(|model| folder.file(&format!("{}.c", model.name), &includes(std::slice::from_ref(model))));
    run(Command::new("gcc").args(["-std=c11", "-fsyntax-only"]).args(WARNINGS).args(sources));
}

#[test]
fn the_compiler_agrees_with_the_listing() {
    compare_with_listing("listing", &golden_models());
}

#[test]
fn the_compiler_agrees_on_random_schemas() {
    let mut random = Random::seeded();
    let models: Vec<Model> = (0..200).map(|at| random.schema(&format!("r{at}"))).collect();
    compare_with_listing("random", &models);
}

/// Prints a segment as [`emit::json`] does, from the constant in the header; and what the listing does not say of it.
const PRINT_SEGMENT: &str = r#"
static inline void quoted(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('"');
}
static inline void print_segment(const char *start, const char *record, const shmrec_foreign *segment) {
    printf("%s, \"address\": ", start);
    quoted(segment->address);
    printf(", \"record\": \"%s\", \"offset\": %" PRIu64 ", ", record, segment->offset);
    if (segment->count != SHMREC_REST) printf("\"count\": %" PRIu64 ", ", segment->count);
    printf("\"stride\": %" PRIu64 ", \"guard\": ", segment->stride);
    switch (segment->guard) {
    case SHMREC_GUARD_SYSV:
        printf("{\"sysv\": ");
        quoted(segment->guard_name);
        printf(", \"index\": %" PRIu32 "}", segment->guard_index);
        break;
    case SHMREC_GUARD_POSIX:
        printf("{\"posix\": ");
        quoted(segment->guard_name);
        printf("}");
        break;
    case SHMREC_GUARD_SEQCOUNT:
        printf("{\"seqcount\": %" PRIu64 ", \"width\": %" PRIu32 ", \"per_record\": %s}", segment->counter_offset,
               segment->counter_bits, segment->counter_per_record ? "true" : "false");
        break;
    default:
        printf("%s", segment->guard == SHMREC_GUARD_NONE ? "\"none\"" : "?");
    }
    printf("}");
}
static inline void print_terms(const char *name, const shmrec_foreign *segment) {
    printf("%s %" PRIo32 " %" PRIu64, name, segment->mode, segment->timeout_ns);
    if (segment->has_owner) printf(" %" PRIu32, segment->owner);
    if (segment->accept_unsealed) printf(" unsealed");
    printf("\n");
}
"#;

/// Compiles one program that prints the listing from `sizeof` and `offsetof`, and what the functions do to bytes.
fn compare_with_listing(test: &str, models: &[Model]) {
    if !has_tool("gcc") {
        return;
    }
    let folder = Scratch::new(test);
    write_headers(models, &folder);
    let source = folder.file("main.c", &program(models));
    let program = folder.path("main");
    run(Command::new("gcc")
        .args(["-std=c11", "-O0", "-Wno-deprecated-declarations"])
        .args(WARNINGS)
        .arg("-o")
        .arg(&program)
        .arg(source));
    let expected = format!("{}{}", emit::json(models), effects(models));
    let actual = run(&mut Command::new(program));
    assert!(expected == actual, "{}", similar::TextDiff::from_lines(&expected, &actual).unified_diff());
}

/// A program that prints the same as [`emit::json`] and [`effects`].
fn program(models: &[Model]) -> String {
    let mut text = format!(
        "#include <inttypes.h>\n#include <stdio.h>\n#include \"shmrecord/adopt.h\"\n{}{PRINT_SEGMENT}",
        includes(models)
    );
    text.push_str(
        "static unsigned char bytes[4096];\n\
         static void dump(const char *name, const char *before, const char *after, size_t size) {\n    \
         printf(\"%s %s %s \", name, before ? before : \"-\", after ? after : \"-\");\n    \
         for (size_t i = 0; i < size; i++) putchar(bytes[i] ? '1' : '0');\n    putchar('\\n');\n}\n\
         int main(void) {\n    printf(\"{\\\"records\\\": [\");\n",
    );
    let all = || models.iter().flat_map(|model| model.own_records().map(move |record| (model, record)));
    for (at, (model, record)) in all().enumerate() {
        let Record { name, c_name, c_macro, .. } = record;
        let comma = if at == 0 { "" } else { "," };
        let _ = writeln!(
            text,
            "    printf(\"{comma}\\n  {{\\\"name\\\": \\\"{name}\\\", \\\"size\\\": %zu, \\\"align\\\": %zu, \
             \\\"layout_id\\\": \\\"%016\" PRIx64 \"\\\", \\\"schema_id\\\": \\\"%016\" PRIx64 \"\\\", \
             \\\"fields\\\": [\", sizeof({c_name}), _Alignof({c_name}), {c_macro}_LAYOUT_ID, {c_macro}_SCHEMA_ID);"
        );
        for (at, member) in record.members.iter().enumerate() {
            let (name, member, ty, pad) = match member {
                Member::Field(field) => (&field.name, &field.c_name, model.type_name(&field.ty), ""),
                Member::Pad(pad) => {
                    (&pad.name, &pad.name, format!("[u8; {}]", pad.size), ", \\\"pad\\\": true")
                }
            };
            let comma = if at == 0 { "" } else { "," };
            let _ = writeln!(
                text,
                "    printf(\"{comma}\\n    {{\\\"name\\\": \\\"{name}\\\", \\\"type\\\": \\\"{ty}\\\", \
                 \\\"offset\\\": %zu, \\\"size\\\": %zu{pad}}}\", offsetof({c_name}, {member}), \
                 sizeof((({c_name} *)0)->{member}));"
            );
        }
        text.push_str("    printf(\"\\n  ]}\");\n");
    }
    text.push_str(&print_enums(models));
    text.push_str("    printf(\"\\n], \\\"segments\\\": [\");\n");
    for (at, (model, Segment { name, c_name, record, .. })) in segments(models).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let record = &model.records[*record].name;
        let _ = writeln!(
            text,
            "    print_segment(\"{comma}\\n  {{\\\"name\\\": \\\"{name}\\\"\", \"{record}\", &{c_name}_foreign);"
        );
    }
    text.push_str("    printf(\"\\n]}\\n\");\n");
    for (_, record) in all().filter(|(_, record)| record.size <= MAX_DUMP) {
        let Record { name, c_name, size, .. } = record;
        let _ = writeln!(
            text,
            "    memset(bytes, 0xff, {size});\n    {{ const char *before = {c_name}_check(bytes);\n      \
             {c_name}_zero_padding(bytes);\n      dump(\"{name}\", before, NULL, {size});\n      \
             memset(bytes, 1, {size});\n      dump(\"{name}\", {c_name}_check(bytes), NULL, 0); }}"
        );
    }
    for (_, Segment { name, c_name, .. }) in segments(models) {
        let _ = writeln!(text, "    print_terms(\"{name}\", &{c_name}_foreign);");
    }
    text.push_str("    return 0;\n}\n");
    text
}

/// Prints enums and flags as [`emit::json`] does, from the macros in the header.
fn print_enums(models: &[Model]) -> String {
    let mut text = String::new();
    for (key, list, number, is_flags) in [("enums", "values", "value", false), ("flags", "bits", "bit", true)]
    {
        let _ = writeln!(text, "    printf(\"\\n], \\\"{key}\\\": [\");");
        let named = models.iter().flat_map(Model::own_enums);
        for (at, named) in named.filter(|named| (named.form == Form::Flags) == is_flags).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let closed = if named.form == Form::Closed { ", \\\"closed\\\": true" } else { "" };
            let (name, repr) = (&named.name, named.repr.name());
            let _ = writeln!(
                text,
                "    printf(\"{comma}\\n  {{\\\"name\\\": \\\"{name}\\\", \\\"repr\\\": \\\"{repr}\\\"{closed}, \\\"{list}\\\": [\");"
            );
            for (at, value) in named.values.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let alias = if value.is_alias { ", \\\"alias\\\": true" } else { "" };
                let (name, c_name) = (&value.name, &value.c_name);
                let (format, of) = match (is_flags, named.repr.is_signed()) {
                    (true, _) => ("\"%d\"", format!("__builtin_ctzll({c_name})")),
                    (false, true) => ("\"%\" PRId64", format!("(int64_t){c_name}")),
                    (false, false) => ("\"%\" PRIu64", format!("(uint64_t){c_name}")),
                };
                let _ = writeln!(
                    text,
                    "    printf(\"{comma}\\n    {{\\\"name\\\": \\\"{name}\\\", \\\"{number}\\\": \" {format} \"{alias}}}\", {of});"
                );
            }
            text.push_str("    printf(\"\\n  ]}\");\n");
        }
    }
    text
}

fn segments(models: &[Model]) -> impl Iterator<Item = (&Model, &Segment)> {
    models.iter().flat_map(|model| model.segments.iter().map(move |segment| (model, segment)))
}

/// For each record: the first field that bytes of all ones make no value, then which bytes are not padding; then the first
/// one that bytes of value 1 make none.
fn effects(models: &[Model]) -> String {
    let mut text = String::new();
    for model in models {
        for record in model.own_records().filter(|record| record.size <= MAX_DUMP) {
            let mut used = vec!['0'; record.size as usize];
            mark(model, record, &mut used);
            let invalid = |byte| invalid(model, record, byte).map_or("-", |field| &field.name);
            let used: String = used.into_iter().collect();
            let name = &record.name;
            let _ = writeln!(text, "{name} {} - {used}\n{name} {} - ", invalid(0xff), invalid(1));
        }
    }
    for (_, segment) in segments(models) {
        let Segment { name, mode, timeout_ms, owner, accept_unsealed, .. } = segment;
        let (mode, timeout_ms) = (mode.unwrap_or(0o600), timeout_ms.unwrap_or(1000));
        let owner = owner.map_or(String::new(), |owner| format!(" {owner}"));
        let unsealed = if *accept_unsealed { " unsealed" } else { "" };
        let _ = writeln!(text, "{name} {mode:o} {}{owner}{unsealed}", u64::from(timeout_ms) * 1_000_000);
    }
    text
}

/// The first field that this byte, repeated, makes no value.
fn invalid<'m>(model: &'m Model, record: &'m Record, byte: u8) -> Option<&'m Field> {
    record.fields().find(|field| match field.ty.element {
        Element::Scalar(kind) => kind == Kind::Bool && byte > 1,
        Element::Enum(at) => {
            let named = &model.enums[at];
            let size = named.repr.size().unwrap() as usize;
            let bytes = [vec![byte; size], vec![0; 16 - size]].concat();
            let unsigned = i128::from_le_bytes(bytes.try_into().unwrap());
            let below = if named.repr.is_signed() && byte > 127 { 1 << (8 * size) } else { 0 };
            named.form == Form::Closed && named.values.iter().all(|value| value.value != unsigned - below)
        }
        Element::Char => false,
        Element::Record(part) => invalid(model, &model.records[part], byte).is_some(),
    })
}

/// Marks the bytes of a record that belong to fields.
fn mark(model: &Model, record: &Record, used: &mut [char]) {
    for field in record.fields() {
        let place = &mut used[field.offset as usize..][..field.size as usize];
        match field.ty.element {
            Element::Record(part) => {
                let part = &model.records[part];
                place.chunks_mut(part.size as usize).for_each(|element| mark(model, part, element));
            }
            _ => place.fill('1'),
        }
    }
}

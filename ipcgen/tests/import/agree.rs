//! A program in C that has a legacy struct and the generated one, and compiles only when every offset and size is the same.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use ipcgen::emit::Language;
use ipcgen::import::{self, Compiler, Dialect, Request};
use ipcgen::model::{Element, Model, Record};
use ipcgen::source::Source;

use crate::support::{Scratch, run, write_headers};

/// A schema that was imported.
pub(crate) struct Imported {
    pub(crate) text: String,
    pub(crate) model: Model,
    /// The struct as C names it.
    spelled: String,
}

/// The object file of a header.
pub(crate) fn object(header: &Path, record: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let compiler = Compiler {
        headers: vec![header.into()],
        dialect: Dialect::of(header),
        command: None,
        arguments: arguments.iter().map(Into::into).collect(),
    };
    compiler.object(record).map_err(|fault| fault.to_string())
}

/// Imports a struct, of which what cannot be expressed is reserved.
pub(crate) fn imported(object: &[u8], spelled: &str, schema: &str) -> Result<Imported, String> {
    let request = Request { record: spelled.into(), reserve: true, schema: schema.into() };
    let text = import::schema(object, &request).map_err(|fault| fault.to_string())?;
    let source = Source::new(format!("{spelled}.toml"), text.as_str());
    let (model, found) = ipcgen::compile(&source);
    assert_eq!(found.render(&source, false), "", "{text}");
    Ok(Imported { model: model.unwrap(), text, spelled: spelled.to_owned() })
}

/// Has a compiler compare all fields of these with those of the header.
pub(crate) fn agree(compiler: &str, folder: &Scratch, header: &Path, all: &[Imported], arguments: &[&str]) {
    let models: Vec<Model> = all.iter().map(|imported| imported.model.clone()).collect();
    write_headers(&models, folder);
    let extension = if Dialect::of(header) == Dialect::Cpp { "cpp" } else { "c" };
    let mut program = match header.is_file() {
        true => format!("#include \"{}\"\n", header.display()),
        false => format!("#include <{}>\n", header.display()),
    };
    program
        .push_str("#include <stddef.h>\n#ifdef __cplusplus\n#define _Static_assert static_assert\n#define _Alignof alignof\n#endif\n");
    for (number, Imported { text, model, spelled }) in all.iter().enumerate() {
        let _ = writeln!(program, "typedef {spelled} legacy_{number};");
        let spelled = &format!("legacy_{number}");
        let _ = writeln!(program, "#include \"{}\"", Language::C.file_name(model));
        let root = model.records.last().unwrap();
        let (c_name, size) = (&root.c_name, root.size);
        let _ = writeln!(program, "_Static_assert(sizeof({spelled}) == {size}, \"sizeof {spelled}\");");
        // Compilers were asked where the struct was known when they ran.
        if header.is_file() {
            let align = told_align(&root.doc).unwrap_or(root.align);
            let _ = writeln!(
                program,
                "_Static_assert(_Alignof({spelled}) == {align}, \"alignment of {spelled}\");"
            );
        }
        let mut paths = Paths { text, model, spelled, c_name, asserts: String::new(), count: 0 };
        paths.walk(root, "", "");
        assert!(paths.count > 0, "{text}");
        program.push_str(&paths.asserts);
    }
    let source = folder.file(&format!("agree.{extension}"), &program);
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-Wno-invalid-offsetof"]).args(arguments).arg(&source);
    run(&mut command);
}

/// What a record's `doc` says of its alignment in C.
fn told_align(doc: &str) -> Option<u32> {
    doc.split_once("Its compiler aligns it to ")?.1.strip_suffix('.')?.parse().ok()
}

/// Assertions for every field that has the same name in both, fields of nested records included.
struct Paths<'p> {
    text: &'p str,
    model: &'p Model,
    spelled: &'p str,
    c_name: &'p str,
    asserts: String,
    count: usize,
}

impl Paths<'_> {
    fn walk(&mut self, record: &Record, legacy: &str, own: &str) {
        for field in record.fields() {
            let Some(name) = legacy_name(self.text, &record.name, &field.name) else { continue };
            let (legacy, own) = (format!("{legacy}{name}"), format!("{own}{}", field.name));
            let Self { spelled, c_name, .. } = self;
            let _ = writeln!(
                self.asserts,
                "_Static_assert(offsetof({spelled}, {legacy}) == offsetof({c_name}, {own}), \"{spelled}.{legacy}\");"
            );
            // The size of a reference is that of what it refers to.
            if !field.doc.contains(", a reference") {
                let _ = writeln!(
                    self.asserts,
                    "_Static_assert(sizeof((({spelled} *)0)->{legacy}) == sizeof((({c_name} *)0)->{own}), \"{spelled}.{legacy}\");"
                );
            }
            self.count += 1;
            if let Element::Record(index) = field.ty.element {
                let first = "[0]".repeat(field.ty.dims.len());
                let nested = &self.model.records[index];
                self.walk(nested, &format!("{legacy}{first}."), &format!("{own}{first}."));
            }
        }
    }
}

/// What a field is called in C, by the schema's comments; nothing for bytes that have no name there.
fn legacy_name(text: &str, record: &str, field: &str) -> Option<String> {
    let section = text.split(&format!("[record.{record}]")).nth(1).unwrap();
    let start = format!("  {{ name = \"{field}\",");
    let line = section.lines().find(|line| line.starts_with(&start)).unwrap();
    // A compiler gives the pointer to virtual functions a name that is not for programs.
    if line.contains("Reserved: ")
        && !line.contains(&format!("Reserved: `{field}`"))
        && !line.contains(" # C: ")
    {
        return None;
    }
    match line.rsplit_once(" # C: `") {
        Some((_, name)) if name.contains(['.', '$']) => None,
        Some((_, name)) => Some(name.trim_end_matches('`').to_owned()),
        None => Some(field.to_owned()),
    }
}

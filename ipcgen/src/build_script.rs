//! The whole pipeline from a `build.rs`. Relies on the rest of the crate; knows cargo's conventions and nothing else does.

use std::path::{Path, PathBuf};

use crate::emit::Language;
use crate::model::Model;
use crate::output::Output;
use crate::schemas::Schemas;

/// Generates code from schemas in a `build.rs`.
///
/// ```no_run
/// // build.rs, with ipcgen among the build-dependencies
/// ipcgen::Build::new().schema("schema/md.toml").c_header("include/md.h").run();
/// ```
///
/// The Rust code of each schema goes to `OUT_DIR`, named after the schema, and from there into a module of the crate:
///
/// ```text
/// mod md {
///     shmrecord::include_schema!("md");
/// }
/// ```
///
/// A C header is written where it is asked for, with the C runtime's headers in the folder `shmrecord` beside it. A schema
/// that is imported gives a module and a header too; modules of schemas stand side by side, under the schemas' names.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is generated before `run`"]
pub struct Build {
    schemas: Vec<(PathBuf, Option<PathBuf>)>,
}

impl Build {
    /// Nothing to generate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a schema file; a relative path counts from the package's folder.
    pub fn schema(mut self, path: impl Into<PathBuf>) -> Self {
        self.schemas.push((path.into(), None));
        self
    }

    /// Wants the C header of the schema that was added last.
    ///
    /// # Panics
    /// Without a schema.
    pub fn c_header(mut self, path: impl Into<PathBuf>) -> Self {
        let last = self.schemas.last_mut().expect("`c_header` belongs to a `schema` in front of it");
        last.1 = Some(path.into());
        self
    }

    /// Generates everything and tells cargo when to run again.
    ///
    /// # Panics
    /// With every error of the schemas, or that of a file: a build script fails by panicking, and cargo shows what it
    /// printed.
    pub fn run(self) {
        if let Err(message) = self.try_run() {
            panic!("\n{message}");
        }
    }

    fn try_run(&self) -> Result<(), String> {
        let out_dir = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: call this from a build.rs")?;
        let mut schemas = Schemas::default();
        let mut headers: Vec<(usize, &PathBuf)> = Vec::new();
        for (path, header) in &self.schemas {
            println!("cargo::rerun-if-changed={}", path.display());
            let unit = schemas.load(path).map_err(|error| format!("{}: {error}", path.display()))?;
            headers.extend(header.iter().map(|header| (unit, header)));
        }
        for model in models(&schemas)? {
            write(Path::new(&out_dir).join(Language::Rust.file_name(model)), Language::Rust.emit(model))?;
        }
        for (unit, header) in headers {
            let folder = header.parent().unwrap_or(Path::new(""));
            let closure = schemas.closure(unit);
            for (at, model) in closure.iter().filter_map(|unit| unit.model.as_ref()).enumerate() {
                // Itself last, under the name that was asked for; what it includes beside it.
                let is_own = at + 1 == closure.len();
                let path = if is_own { header.clone() } else { folder.join(Language::C.file_name(model)) };
                write(path, Language::C.emit(model))?;
            }
            for (path, text) in Language::C.runtime() {
                write(folder.join(path), (*text).to_owned())?;
            }
        }
        Ok(())
    }
}

/// The models of all schemas and of those that they import, or everything that is wrong with any of them.
fn models(schemas: &Schemas) -> Result<Vec<&Model>, String> {
    let mut errors = String::new();
    let mut models = Vec::new();
    for unit in schemas.units() {
        println!("cargo::rerun-if-changed={}", unit.source.name());
        let reports = unit.found.render(&unit.source, false);
        match &unit.model {
            Some(model) => {
                for line in reports.lines() {
                    println!("cargo::warning={line}");
                }
                models.push(&**model);
            }
            None => errors.push_str(&reports),
        }
    }
    if errors.is_empty() { Ok(models) } else { Err(errors) }
}

fn write(path: PathBuf, text: String) -> Result<(), String> {
    let output = Output { path, text };
    output.write().map_err(|error| format!("{}: {error}", output.path.display()))
}

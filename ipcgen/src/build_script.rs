//! The whole pipeline from a `build.rs`. Relies on the rest of the crate; knows cargo's conventions and nothing else does.

use std::path::{Path, PathBuf};

use crate::emit::{C_RUNTIME, Language};
use crate::model::Model;
use crate::output::Output;
use crate::source::Source;

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
/// A C header is written where it is asked for, with the C runtime's headers in the folder `shmrecord` beside it.
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
        for (path, header) in &self.schemas {
            println!("cargo::rerun-if-changed={}", path.display());
            let model = compile(path)?;
            let rust = Path::new(&out_dir).join(Language::Rust.file_name(&model));
            write(rust, Language::Rust.emit(&model))?;
            if let Some(header) = header {
                let folder = header.parent().unwrap_or(Path::new(""));
                write(header.clone(), Language::C.emit(&model))?;
                for (path, text) in C_RUNTIME {
                    write(folder.join(path), (*text).to_owned())?;
                }
            }
        }
        Ok(())
    }
}

fn compile(path: &Path) -> Result<Model, String> {
    let source = Source::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (model, found) = crate::compile(&source);
    let reports = found.render(&source, false);
    if model.is_some() {
        for line in reports.lines() {
            println!("cargo::warning={line}");
        }
    }
    model.ok_or(reports)
}

fn write(path: PathBuf, text: String) -> Result<(), String> {
    let output = Output { path, text };
    output.write().map_err(|error| format!("{}: {error}", output.path.display()))
}

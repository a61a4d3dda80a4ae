//! The schemas of a run: each file is read and compiled once, however many import it. Relies on the pipeline and on the
//! file system.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::evolution::Places;
use crate::foreign::Import;
use crate::model::Model;
use crate::rules::Rule;
use crate::schema::{self, Schema};
use crate::source::{Source, Spanned};

/// Schemas import schemas that import schemas: nobody needs more, and recursion has an end.
const MAX_DEPTH: usize = 32;

/// Schemas, each behind those that it imports.
#[derive(Debug, Default)]
pub struct Schemas {
    units: Vec<Unit>,
    /// By the file's real path: which unit it is; `None` while it is being compiled.
    known: HashMap<PathBuf, Option<usize>>,
    /// The files being compiled, each imported by the one in front of it.
    open: Vec<(PathBuf, String)>,
}

/// A schema file, compiled.
#[derive(Debug)]
pub struct Unit {
    /// Its text.
    pub source: Source,
    /// What is wrong with it.
    pub found: Diagnostics,
    /// What it says, when nothing but warnings were found in it.
    pub model: Option<Arc<Model>>,
    /// Where in its text it says what.
    pub(crate) places: Arc<Places>,
    /// The units that it imports.
    imports: Vec<usize>,
}

impl Schemas {
    /// Reads and compiles a file and all that it imports; which of the units it is.
    ///
    /// # Errors
    /// What the system says of this file. One that is imported and cannot be read is an error in the schema that imports
    /// it.
    pub fn load(&mut self, path: &Path) -> io::Result<usize> {
        let real = path.canonicalize()?;
        if let Some(&Some(unit)) = self.known.get(&real) {
            return Ok(unit);
        }
        let source = Source::read(path)?;
        self.known.insert(real.clone(), None);
        self.open.push((real.clone(), source.file_name().to_owned()));
        let unit = self.compile(source);
        self.open.pop();
        self.units.push(unit);
        let at = self.units.len() - 1;
        self.known.insert(real, Some(at));
        Ok(at)
    }

    /// Compiles a text, and the files that it imports, from the folder that its name says.
    pub fn compile(&mut self, source: Source) -> Unit {
        let mut found = Diagnostics::default();
        let schema = schema::read(&source, &mut found);
        let (imports, models) = self.imports(&source, &schema, &mut found);
        let places = Arc::new(Places::of(&schema, &models));
        let model = crate::settle(&source, schema, models, &mut found).map(Arc::new);
        Unit { source, found, model, places, imports }
    }

    /// Every schema so far, each behind those that it imports.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// What a unit imports, and what that imports: each once, itself last.
    #[must_use]
    pub fn closure(&self, unit: usize) -> Vec<&Unit> {
        let mut within = vec![false; self.units.len()];
        within[unit] = true;
        // A unit stands behind those that it imports.
        for at in (0..=unit).rev() {
            if within[at] {
                self.units[at].imports.iter().for_each(|&import| within[import] = true);
            }
        }
        self.units.iter().zip(within).filter_map(|(unit, within)| within.then_some(unit)).collect()
    }

    fn imports(
        &mut self,
        source: &Source,
        schema: &Schema,
        found: &mut Diagnostics,
    ) -> (Vec<usize>, Vec<Import>) {
        let folder = Path::new(source.name()).parent().unwrap_or(Path::new("")).to_owned();
        let (mut units, mut models) = (Vec::new(), Vec::new());
        for import in &schema.imports {
            match self.import(&folder.join(&import.value), source, import) {
                Ok(unit) => {
                    units.push(unit);
                    let value = self.units[unit].model.clone();
                    models.extend(value.map(|value| Spanned { value, span: import.span }));
                }
                Err(report) => found.push(*report),
            }
        }
        (units, models)
    }

    fn import(
        &mut self,
        path: &Path,
        source: &Source,
        import: &Spanned<String>,
    ) -> Result<usize, Box<Diagnostic>> {
        let report = |rule, title: String| Box::new(Diagnostic::new(rule, import.span, title));
        let file = &import.value;
        let unreadable = |error: io::Error| {
            let title = format!("`{file}` cannot be imported: {error}");
            let help = format!("paths of imports start at the folder of {}", source.file_name());
            Box::new(report(Rule::BadImport, title).help(help))
        };
        let real = path.canonicalize().map_err(unreadable)?;
        // A pipe would be waited for, by who only meant to read a schema.
        if !real.is_file() && !real.is_dir() {
            return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
        }
        if let Some(first) = self.open.iter().position(|(open, _)| *open == real) {
            let names = self.open[first..].iter().map(|(_, name)| name.as_str());
            let path: Vec<&str> = names.chain([self.open[first].1.as_str()]).collect();
            let title = format!("`{file}` imports itself");
            return Err(Box::new(report(Rule::ImportCycle, title).label(path.join(" -> "))));
        }
        if self.open.len() > MAX_DEPTH {
            let title = format!("schemas import schemas more than {MAX_DEPTH} deep");
            return Err(report(Rule::ImportCycle, title));
        }
        let unit = self.load(path).map_err(unreadable)?;
        if self.units[unit].model.is_some() {
            return Ok(unit);
        }
        let title = format!("`{file}` is imported and has errors");
        Err(Box::new(report(Rule::ImportBroken, title).label("see what is said of that file")))
    }
}

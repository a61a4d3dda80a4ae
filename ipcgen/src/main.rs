//! The program: parse, call, print, exit code. Relies on the library for all the work.

mod cli;
mod evolve;

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ipcgen::Schemas;
use ipcgen::emit::{self, Language};
use ipcgen::import::{self, Fault};
use ipcgen::model::Model;
use ipcgen::output::Output;
use ipcgen::rules::Rule;

use cli::{Action, Format, From, Import};

/// Why the program ends without success; everything has been said by then.
enum Failure {
    /// An error in a schema, or files out of date.
    Schema,
    /// Wrong usage, or a file that cannot be read or written.
    Usage,
}

fn main() -> ExitCode {
    let outcome = match cli::parse(std::env::args_os()) {
        Ok(action) => run(action),
        Err(error) if error.use_stderr() => {
            say(&error.to_string());
            Err(Failure::Usage)
        }
        Err(help) => print(&help.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Schema) => ExitCode::from(1),
        Err(Failure::Usage) => ExitCode::from(2),
    }
}

fn run(action: Action) -> Result<(), Failure> {
    match action {
        Action::Print { schema, language } => {
            let (schemas, typed) = compile(&[schema])?;
            typed
                .iter()
                .filter_map(|&unit| schemas.units()[unit].model.as_ref())
                .try_for_each(|model| print(&language.emit(model)))
        }
        Action::Write { schemas, languages, folder, depfile } => {
            let (schemas, _) = compile(&schemas)?;
            let mut outputs = outputs(schemas, &languages, &folder)?;
            if let Some(path) = depfile {
                outputs.push(Output { path, text: dependencies(schemas, &languages, &folder) });
            }
            // All, before the first one takes an old one's place: they belong together.
            let prepared = outputs
                .iter()
                .map(|output| output.prepare().map_err(|error| fail(output.path.display(), &error)));
            prepared.collect::<Result<Vec<_>, _>>()?.into_iter().try_for_each(|prepared| {
                let path = prepared.path().to_owned();
                prepared.publish().map_err(|error| fail(path.display(), &error))
            })
        }
        Action::Compare { schemas, languages, folder } => {
            let (schemas, _) = compile(&schemas)?;
            compare(&outputs(schemas, &languages, &folder)?)
        }
        Action::Layout { schemas, format } => {
            let (schemas, typed) = compile(&schemas)?;
            let models: Vec<&Model> =
                typed.iter().filter_map(|&unit| schemas.units()[unit].model.as_deref()).collect();
            print(&match format {
                Format::Table => models.into_iter().map(emit::listing).collect::<Vec<_>>().join("\n"),
                Format::Json => emit::json(models),
                Format::Svg => emit::svg(models),
            })
        }
        Action::Import(wanted) => import(&wanted),
        Action::Lock { schemas, out } => evolve::lock(&schemas, out.as_ref()),
        Action::Check { schemas, against } => evolve::check(&schemas, against.as_ref()),
        Action::Explain { code } => match Rule::from_code(&code) {
            Some(rule) => print(&format!("{}\n\n{}\n", rule.code(), rule.explanation())),
            None => {
                let codes: Vec<_> = Rule::beside(&code).iter().map(|rule| rule.code()).collect();
                say(&format!("error: no rule has the code `{code}`; there are {}\n", codes.join(" ")));
                Err(Failure::Usage)
            }
        },
    }
}

/// The schemas that were typed, by their units, with what they import. Everything that is wrong with any of them is said
/// first. They stay until the program ends: to take large ones apart takes as long as to emit them.
fn compile(paths: &[PathBuf]) -> Result<(&'static Schemas, Vec<usize>), Failure> {
    let mut failure = None;
    let (mut schemas, mut typed) = (Schemas::default(), Vec::new());
    for path in paths {
        match schemas.load(path) {
            Ok(unit) if !typed.contains(&unit) => typed.push(unit),
            Ok(_) => {}
            Err(error) => failure = Some(fail(path.display(), &error)),
        }
    }
    for unit in schemas.units() {
        say(&unit.found.render(&unit.source, is_colored()));
        if unit.model.is_none() {
            failure = failure.or(Some(Failure::Schema));
        }
    }
    failure.map_or_else(|| Ok((&*Box::leak(Box::new(schemas)), typed)), Err)
}

/// Whether reports are read on a terminal that may show colors.
fn is_colored() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// All files of these schemas and of those that they import.
fn outputs(schemas: &Schemas, languages: &[Language], folder: &Path) -> Result<Vec<Output>, Failure> {
    let mut owners: HashMap<&str, &str> = HashMap::new();
    let mut outputs = Vec::new();
    for unit in schemas.units() {
        let Some(model) = &unit.model else { continue };
        if let Some(one) = owners.insert(&model.name, unit.source.name()) {
            let (other, name) = (unit.source.name(), &model.name);
            say(&format!(
                "error: {one} and {other} both have the name `{name}`, and so the same output files\n"
            ));
            return Err(Failure::Usage);
        }
        let files = languages.iter().map(|language| (language.file_name(model), language.emit(model)));
        outputs.extend(files.map(|(name, text)| Output { path: folder.join(name), text }));
    }
    let runtime = languages.iter().flat_map(|language| language.runtime());
    outputs.extend(runtime.map(|(name, text)| Output { path: folder.join(name), text: (*text).to_owned() }));
    Ok(outputs)
}

/// Writes the schema of a struct.
fn import(wanted: &Import) -> Result<(), Failure> {
    let bytes = match &wanted.from {
        From::Headers(compiler) => compiler.object(&wanted.request.record).map_err(refuse)?,
        From::Elf(path) => read(path).map_err(|error| fail(path.display(), &error))?,
    };
    let text = import::schema(&bytes, &wanted.request).map_err(refuse)?;
    match wanted.out.clone() {
        Some(path) => {
            let output = Output { path, text };
            output.write().map_err(|error| fail(output.path.display(), &error))
        }
        None => print(&text),
    }
}

/// A file's bytes; what has no end is no file.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refuse(fault: Fault) -> Failure {
    say(&fault.to_string());
    if fault.is_unusable() { Failure::Usage } else { Failure::Schema }
}

fn compare(outputs: &[Output]) -> Result<(), Failure> {
    let mut current = true;
    for output in outputs {
        let path = output.path.display();
        match output.difference() {
            Ok(None) => {}
            Ok(Some(difference)) => {
                current = false;
                say(&format!("{path} is {}\n", if output.path.exists() { "out of date" } else { "missing" }));
                print(&difference)?;
            }
            Err(error) => return Err(fail(path, &error)),
        }
    }
    if current {
        return Ok(());
    }
    say("run the same command without --check to write what is printed above\n");
    Err(Failure::Schema)
}

/// A make rule for the files of each schema.
fn dependencies(schemas: &Schemas, languages: &[Language], folder: &Path) -> String {
    let escaped = |path: &Path| {
        let path = path.display().to_string();
        path.replace('$', "$$").replace('\\', "\\\\").replace(' ', "\\ ").replace('#', "\\#")
    };
    let rules = schemas.units().iter().enumerate().filter_map(|(at, unit)| {
        let model = unit.model.as_ref()?;
        let targets = languages.iter().map(|language| escaped(&folder.join(language.file_name(model))));
        // Itself first, as make's `$<` has it.
        let sources =
            schemas.closure(at).into_iter().rev().map(|unit| escaped(Path::new(unit.source.name())));
        let (targets, sources): (Vec<_>, Vec<_>) = (targets.collect(), sources.collect());
        Some(format!("{}: {}\n", targets.join(" "), sources.join(" ")))
    });
    rules.collect()
}

/// Prints to standard output. That nobody reads on is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(fail("standard output", &error)),
        _ => Ok(()),
    }
}

fn fail(what: impl Display, error: &io::Error) -> Failure {
    say(&format!("error: {what}: {error}\n"));
    Failure::Usage
}

/// Says something on standard error; when nobody listens there, the exit code still tells.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

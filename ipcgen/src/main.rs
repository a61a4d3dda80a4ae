//! The program: parse, call, print, exit code. Relies on the library for all the work.

mod cli;

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ipcgen::emit::{self, C_RUNTIME, Language};
use ipcgen::model::Model;
use ipcgen::output::Output;
use ipcgen::rules::Rule;
use ipcgen::source::Source;

use cli::Action;

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
            let models = compile(&[schema])?;
            models.iter().try_for_each(|model| print(&language.emit(model)))
        }
        Action::Write { schemas, languages, folder, depfile } => {
            let models = compile(&schemas)?;
            let mut outputs = outputs(&schemas, &models, &languages, &folder)?;
            if let Some(path) = depfile {
                outputs.push(Output { path, text: dependencies(&schemas, &models, &languages, &folder) });
            }
            outputs
                .iter()
                .try_for_each(|output| output.write().map_err(|error| fail(output.path.display(), &error)))
        }
        Action::Compare { schemas, languages, folder } => {
            let models = compile(&schemas)?;
            compare(&outputs(&schemas, &models, &languages, &folder)?)
        }
        Action::Layout { schemas, json } => {
            let models = compile(&schemas)?;
            if json {
                return print(&emit::json(&models));
            }
            print(&models.iter().map(emit::listing).collect::<Vec<_>>().join("\n"))
        }
        Action::Explain { code } => match Rule::from_code(&code) {
            Some(rule) => print(&format!("{}\n\n{}\n", rule.code(), rule.explanation())),
            None => {
                let codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
                say(&format!("error: no rule has the code `{code}`; there are {}\n", codes.join(" ")));
                Err(Failure::Usage)
            }
        },
    }
}

/// The models of all schemas. Everything that is wrong with any of them is said first.
fn compile(schemas: &[PathBuf]) -> Result<Vec<Model>, Failure> {
    let colored =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut failure = None;
    let mut models = Vec::new();
    for path in schemas {
        let source = match Source::read(path) {
            Ok(source) => source,
            Err(error) => {
                failure = Some(fail(path.display(), &error));
                continue;
            }
        };
        let (model, found) = ipcgen::compile(&source);
        say(&found.render(&source, colored));
        match model {
            Some(model) => models.push(model),
            None => failure = failure.or(Some(Failure::Schema)),
        }
    }
    failure.map_or(Ok(models), Err)
}

/// All files of these schemas.
fn outputs(
    schemas: &[PathBuf],
    models: &[Model],
    languages: &[Language],
    folder: &Path,
) -> Result<Vec<Output>, Failure> {
    let mut owners: HashMap<&str, &PathBuf> = HashMap::new();
    let mut outputs = Vec::new();
    for (schema, model) in schemas.iter().zip(models) {
        if let Some(first) = owners.insert(&model.name, schema) {
            let (one, other, name) = (first.display(), schema.display(), &model.name);
            say(&format!(
                "error: {one} and {other} both have the name `{name}`, and so the same output files\n"
            ));
            return Err(Failure::Usage);
        }
        let files = languages.iter().map(|language| (language.file_name(model), language.emit(model)));
        outputs.extend(files.map(|(name, text)| Output { path: folder.join(name), text }));
    }
    if languages.contains(&Language::C) {
        let runtime = C_RUNTIME.iter();
        outputs
            .extend(runtime.map(|(name, text)| Output { path: folder.join(name), text: (*text).to_owned() }));
    }
    Ok(outputs)
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
fn dependencies(schemas: &[PathBuf], models: &[Model], languages: &[Language], folder: &Path) -> String {
    let escaped = |path: &Path| {
        let path = path.display().to_string();
        path.replace('$', "$$").replace('\\', "\\\\").replace(' ', "\\ ").replace('#', "\\#")
    };
    let rules = schemas.iter().zip(models).map(|(schema, model)| {
        let targets = languages.iter().map(|language| escaped(&folder.join(language.file_name(model))));
        format!("{}: {}\n", targets.collect::<Vec<_>>().join(" "), escaped(schema))
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

//! The commands `lock` and `check`: which files belong together, and what is said of them. Relies on the library for every
//! verdict.

use std::io;
use std::path::{Path, PathBuf};

use ipcgen::evolution::{self, Compared, Lock, Verdict, Version};
use ipcgen::output::{self, Output};
use ipcgen::source::Source;
use ipcgen::{Schemas, Unit};

use crate::{Failure, compile, fail, is_colored, print, say};

/// Adds the versions that these schemas are to their locks.
pub(crate) fn lock(schemas: &[PathBuf], out: Option<&PathBuf>) -> Result<(), Failure> {
    let (schemas, typed) = compile(schemas)?;
    for (unit, version) in versions(schemas, &typed) {
        let path = out.cloned().unwrap_or_else(|| beside(&unit.source, version.schema()));
        let (_folder, locked) =
            output::lock_folder_of(&path).map_err(|error| fail(path.display(), &error))?;
        if let Err(error) = locked {
            let advice = "take care that nobody else adds a version to it at once";
            say(&format!("warning: {}: its folder cannot be locked: {error}; {advice}\n", path.display()));
        }
        let mut lock = read(&path, version.schema())?.unwrap_or_else(|| Lock::new(version.schema()));
        let verdict = evolution::check(&version, lock.versions());
        if !verdict.is_compatible() {
            say(&verdict.found.render(&unit.source, is_colored()));
            let path = path.display();
            say(&format!(
                "{path}: nothing was locked; versions that no program runs any more may be taken out of it\n"
            ));
            return Err(Failure::Schema);
        }
        lock.add(&version);
        let output = Output { path, text: lock.text().to_owned() };
        output.write().map_err(|error| fail(output.path.display(), &error))?;
    }
    Ok(())
}

/// Compares schemas with their locks, or one with another schema or lock.
pub(crate) fn check(schemas: &[PathBuf], against: Option<&PathBuf>) -> Result<(), Failure> {
    let (schemas, typed) = compile(schemas)?;
    let mut outcome = Ok(());
    for (unit, version) in versions(schemas, &typed) {
        let file = unit.source.name();
        let past = match against {
            Some(path) => named(path, version.schema())?,
            None => {
                let path = beside(&unit.source, version.schema());
                let Some(lock) = read(&path, version.schema())? else {
                    let path = path.display();
                    print(&format!(
                        "{file}: no error; there is no {path} to compare it with, which `ipcgen lock` makes\n"
                    ))?;
                    continue;
                };
                lock.into_versions()
            }
        };
        let verdict = evolution::check(&version, &past);
        say(&verdict.found.render(&unit.source, is_colored()));
        let is_locked = against.is_some() || past.iter().any(|other| other.number() == version.number());
        print(&words(file, version.number(), &verdict, is_locked))?;
        if !verdict.is_compatible() {
            outcome = Err(Failure::Schema);
        }
    }
    outcome
}

fn versions<'s>(schemas: &'s Schemas, typed: &'s [usize]) -> impl Iterator<Item = (&'s Unit, Version)> {
    typed.iter().filter_map(|&unit| {
        let unit = &schemas.units()[unit];
        Some((unit, Version::new(unit)?))
    })
}

/// The versions in a file that was named: a lock, or another schema.
fn named(path: &Path, schema: &str) -> Result<Vec<Version>, Failure> {
    if path.extension().is_some_and(|extension| extension == "lock") {
        let missing =
            || fail(path.display(), &io::Error::new(io::ErrorKind::NotFound, "there is no such lock"));
        return Ok(read(path, schema)?.ok_or_else(missing)?.into_versions());
    }
    let (schemas, typed) = compile(&[path.to_owned()])?;
    Ok(versions(schemas, &typed).map(|(_, version)| version).collect())
}

/// What is printed of a verdict; what breaks has been said.
fn words(file: &str, version: u32, verdict: &Verdict, is_locked: bool) -> String {
    let mut words = match (verdict.is_compatible(), verdict.notes.is_empty()) {
        (true, _) => {
            let locked = if is_locked { "" } else { "; it is not locked yet" };
            format!("{file}: {}{locked}\n", agreement(version, &verdict.versions))
        }
        (false, true) => String::new(),
        (false, false) => format!("{file}: what else has changed\n"),
    };
    verdict.notes.iter().for_each(|note| words.push_str(&format!("  {note}\n")));
    words
}

/// `version 3 is compatible with version 2, and by layout alone with version 1`
fn agreement(version: u32, compared: &[Compared]) -> String {
    let list = |renamed: bool| {
        let those = compared.iter().filter(|one| one.number != version && one.renamed == renamed);
        let numbers: Vec<String> = those.map(|one| one.number.to_string()).collect();
        let plural = if numbers.len() == 1 { "" } else { "s" };
        (!numbers.is_empty()).then(|| format!("with version{plural} {}", numbers.join(", ")))
    };
    match (list(false), list(true)) {
        (None, None) if compared.is_empty() => format!("version {version} is the first one"),
        (None, None) => format!("version {version} is as it was"),
        (Some(whole), None) => format!("version {version} is compatible {whole}"),
        (None, Some(layout)) => format!("version {version} is compatible by layout alone {layout}"),
        (Some(whole), Some(layout)) => {
            format!("version {version} is compatible {whole}, and by layout alone {layout}")
        }
    }
}

/// The lock of a schema of this name.
fn beside(source: &Source, schema: &str) -> PathBuf {
    Path::new(source.name()).with_file_name(format!("{schema}.lock"))
}

/// Reads a lock; `None` when there is no such file.
fn read(path: &Path, schema: &str) -> Result<Option<Lock>, Failure> {
    let source = match Source::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        source => source.map_err(|error| fail(path.display(), &error))?,
    };
    let (lock, found) = Lock::read(source.clone(), schema);
    say(&found.render(&source, is_colored()));
    lock.map(Some).ok_or(Failure::Schema)
}

//! Every mistake in `ui/` is refused in the expected words, at the expected place. Relies on cargo, which it calls once for
//! all of them, offline and with the versions of the workspace's lock file.
//!
//! `ui/NAME.txt` holds the errors of `ui/NAME.rs` in the order of their places: `error at LINE:COLUMN`, and indented below
//! it texts that must stand in its message, its label or its notes. How rustc draws an error is left out, and so is what
//! it adds of its own, so that its next version breaks nothing. Further errors may not occur.
//!
//! `SHMRECORD_BLESS=1 cargo test -p shmrecord-derive --test ui` writes the files anew: read the difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// An error of the compiler.
struct Reported {
    /// `error at 5:12`, or `error in record.rs` when it is not in the fixture.
    place: String,
    /// Line and column, to sort by.
    order: (u64, u64),
    /// Message, label of the place, and notes that point nowhere.
    texts: Vec<String>,
}

#[test]
fn every_mistake_is_refused_in_the_expected_words() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    let mut reported = check(&fixtures);
    let bless = env::var_os("SHMRECORD_BLESS").is_some();
    let mut failures = String::new();
    for (name, path) in &fixtures {
        let errors = reported.remove(name).unwrap_or_default();
        let expected_path = path.with_extension("txt");
        if errors.is_empty() {
            writeln!(failures, "\n{name}: compiles, but should not").unwrap();
        } else if bless {
            fs::write(&expected_path, print(&errors)).unwrap();
        } else {
            let expected = fs::read_to_string(&expected_path).unwrap_or_default();
            if let Err(difference) = compare(&expected, &errors) {
                let found = print(&errors);
                writeln!(failures, "\n{name}: {difference}\n--- expected\n{expected}--- found\n{found}")
                    .unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}\nSHMRECORD_BLESS=1 accepts what was found");
}

/// The files of `ui/`, by name.
fn fixtures() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// Checks all fixtures as binaries of one package, and returns the errors of each.
fn check(fixtures: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Vec<Reported>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    fs::create_dir_all(&package).unwrap();
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nshmrecord = {{ path = {:?} }}\n",
        workspace.join("runtime")
    );
    for (name, path) in fixtures {
        write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\n").unwrap();
    }
    fs::write(package.join("Cargo.toml"), manifest).unwrap();

    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--offline", "--quiet", "--keep-going", "--message-format=json"])
        .arg("--target-dir")
        .arg(package.join("target"))
        .current_dir(&package)
        .output()
        .unwrap();
    let mut reported: BTreeMap<String, Vec<Reported>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let target = message["target"]["name"].as_str().unwrap_or_default();
        if let Some(path) = fixtures.get(target)
            && let Some(error) = Reported::read(&message["message"], path)
        {
            reported.entry(target.to_owned()).or_default().push(error);
        }
    }
    // Without any error it was cargo, or a crate below the fixtures, that failed.
    assert!(!reported.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    reported
        .values_mut()
        .for_each(|errors| errors.sort_by(|a, b| (a.order, &a.texts).cmp(&(b.order, &b.texts))));
    reported
}

impl Reported {
    /// Reads rustc's JSON; `None` when it is no error, or only counts the others.
    fn read(message: &Value, fixture: &Path) -> Option<Self> {
        let spans = message["spans"].as_array()?;
        let primary = spans.iter().find(|span| span["is_primary"] == true)?;
        if message["level"] != "error" {
            return None;
        }
        // From what a macro wrote to where it was called, until that is in the fixture.
        let mut span = primary;
        while Path::new(span["file_name"].as_str()?) != fixture && span["expansion"].is_object() {
            span = &span["expansion"]["span"];
        }
        let file = Path::new(span["file_name"].as_str()?);
        let order = (span["line_start"].as_u64()?, span["column_start"].as_u64()?);
        let place = if file == fixture {
            format!("error at {}:{}", order.0, order.1)
        } else {
            format!("error in {}", file.file_name()?.display())
        };
        let notes = message["children"].as_array()?.iter();
        let notes = notes.filter(|note| note["level"] == "note" && note["spans"] == Value::Array(Vec::new()));
        let texts =
            [&message["message"], &primary["label"]].into_iter().chain(notes.map(|note| &note["message"]));
        let texts = texts.filter_map(Value::as_str).filter(|text| !text.starts_with("evaluation of"));
        let texts = texts.map(|text| text.strip_prefix("evaluation panicked: ").unwrap_or(text).to_owned());
        Some(Reported { place, order, texts: texts.collect() })
    }
}

fn print(errors: &[Reported]) -> String {
    let mut out = String::new();
    for error in errors {
        writeln!(out, "{}", error.place).unwrap();
        for line in error.texts.iter().flat_map(|text| text.lines()) {
            writeln!(out, "    {line}").unwrap();
        }
    }
    out
}

/// Whether the errors are the expected ones; says which differs.
fn compare(expected: &str, errors: &[Reported]) -> Result<(), String> {
    let mut errors = errors.iter();
    let mut current = None;
    for line in expected.lines() {
        if let Some(text) = line.strip_prefix("    ") {
            let found = current.is_some_and(|error: &Reported| error.texts.iter().any(|t| t.contains(text)));
            if !found {
                return Err(format!("no such text: {text}"));
            }
        } else {
            current = errors.next();
            if current.is_none_or(|error| error.place != line) {
                return Err(format!("no {line}"));
            }
        }
    }
    errors.next().map_or(Ok(()), |error| Err(format!("one {} too many", error.place)))
}

//! Lock files: what is written into them is read back, versions stay in them as they were, and damage is reported.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Output, Stdio};

use ipcgen::Schemas;
use ipcgen::evolution::{self, Compared, Lock, Version};
use ipcgen::rules::Rule;
use ipcgen::source::Source;
use support::perf;
use support::random::Random;
use support::{Scratch, entries, ipcgen, path};

/// Exit code, standard output, standard error.
fn typed(arguments: &str, folder: &Scratch) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        ipcgen().args(arguments.split(' ')).current_dir(folder.path("")).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

const QUOTE: &str = "[schema]\nname = \"md\"\nversion = 1\n[record.Quote]\nfields = [ { name = \"price\", type = \"f64\" } ]\n";

/// A lock of this version alone, as text.
fn locked(name: &str, version: &Version) -> String {
    let mut lock = Lock::new(name);
    lock.add(version);
    lock.text().to_owned()
}

/// The version that a schema is, if it holds; with the schema's name.
fn version(source: Source) -> Option<(String, Version)> {
    let version = Version::new(&Schemas::default().compile(source))?;
    Some((version.schema().to_owned(), version))
}

fn goldens() -> Vec<(String, Version)> {
    let files = entries(&path("tests/golden")).into_iter().map(|folder| folder.join("schema.toml"));
    files.map(|file| version(Source::read(&file).unwrap()).unwrap()).collect()
}

/// Checks that a lock of a version, read back, says the same, to the byte.
fn is_read_back(name: &str, version: &Version) -> String {
    let text = locked(name, version);
    let source = Source::new(format!("{name}.lock"), text.clone());
    let (lock, found) = Lock::read(source.clone(), name);
    let lock = lock.unwrap_or_else(|| panic!("{}\n{text}", found.render(&source, false)));
    assert_eq!(lock.text(), text);
    let [read] = lock.versions() else { panic!("{text}") };
    assert_eq!(locked(name, read), text);
    let verdict = evolution::check(version, lock.versions());
    assert!(verdict.is_compatible() && verdict.notes.is_empty(), "{:?}", verdict.notes);
    text
}

#[test]
fn what_is_locked_is_read_back() {
    let mut random = Random::seeded();
    let random = (0..200).filter_map(|_| version(Source::new("r.toml", random.text("r"))));
    for (name, version) in goldens().into_iter().chain(random) {
        is_read_back(&name, &version);
    }
}

#[test]
fn the_order_of_declarations_is_no_fact() {
    let one = "[record.A]\nfields = [ { name = \"x\", type = \"E\" } ]\n";
    let other = "[record.B]\nfields = [ { name = \"y\", type = \"u8\" } ]\n";
    let enums = ["values = { One = 1, Two = 2 }", "values = { Two = 2, One = 1 }"];
    let texts = [(one, other, enums[0]), (other, one, enums[1])].map(|(one, other, values)| {
        let text = format!("[schema]\nname = \"md\"\n{one}{other}[enum.E]\nrepr = \"u8\"\n{values}\n");
        is_read_back("md", &version(Source::new("md.toml", text)).unwrap().1)
    });
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn the_published_sizes_of_perf_event_attr_are_one_lock() {
    let folder = Scratch::new("lock-perf");
    let mut before = String::new();
    for (at, (size, _)) in perf::PUBLISHED.iter().enumerate() {
        folder.file("attr.toml", &perf::schema(at));
        if at > 0 {
            let (code, printed, said) = typed("check attr.toml", &folder);
            assert_eq!((code, said.as_str()), (0, ""), "{printed}");
            let past: Vec<String> = (1..=at).rev().map(|version| version.to_string()).collect();
            let plural = if at == 1 { "" } else { "s" };
            let words =
                format!("compatible with version{plural} {}; it is not locked yet\n", past.join(", "));
            assert!(printed.contains(&words), "{printed}");
        }
        assert_eq!(typed("lock attr.toml", &folder), (0, String::new(), String::new()));
        let text = fs::read_to_string(folder.path("perf.lock")).unwrap();
        assert!(text.starts_with(&before), "an older version is not what it was");
        assert!(text[before.len()..].contains(&format!("[version.{}.record.Attr]\nsize = {size}\n", at + 1)));
        before = text;
    }
    let (lock, _) = Lock::read(Source::new("perf.lock", before), "perf");
    let lock = lock.unwrap();
    let numbers: Vec<u32> = lock.versions().iter().map(Version::number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    for (at, version) in lock.versions().iter().enumerate() {
        let verdict = evolution::check(version, &lock.versions()[..at]);
        assert!(verdict.is_compatible());
        let compared = (1..version.number()).rev().map(|number| Compared { number, renamed: false });
        assert_eq!(verdict.versions, compared.collect::<Vec<_>>());
    }
}

/// The numbers of the versions in a lock.
fn numbers(folder: &Scratch, lock: &str) -> Vec<u32> {
    let (lock, _) = Lock::read(Source::read(&folder.path(lock)).unwrap(), "md");
    lock.unwrap().versions().iter().map(Version::number).collect()
}

#[test]
fn two_who_lock_at_once_lose_no_version() {
    let folder = Scratch::new("lock-at-once");
    for round in 0..20 {
        let lock = format!("round{round}.lock");
        let children: Vec<_> = (1..=4)
            .map(|version| {
                let file = format!("{version}.toml");
                folder.file(&file, &QUOTE.replace("version = 1", &format!("version = {version}")));
                let arguments = ["lock", &file, "-o", &lock];
                ipcgen().args(arguments).current_dir(folder.path("")).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        // One that comes behind a later version is refused.
        let done = children.into_iter().zip(1..).filter_map(|(child, version)| {
            child.wait_with_output().unwrap().status.success().then_some(version)
        });
        let done: Vec<u32> = done.collect();
        assert_eq!((numbers(&folder, &lock), done.last()), (done.clone(), Some(&4)), "{lock}");
    }
}

#[test]
fn a_lock_behind_links_is_written_where_it_is() {
    let folder = Scratch::new("lock-links");
    folder.file("kept/in/readme", "");
    folder.file("quote.toml", QUOTE);
    symlink("kept/in/md.lock", folder.path("second")).unwrap();
    symlink(folder.path("second"), folder.path("md.lock")).unwrap();
    // First there is no file behind them, then there is.
    for (version, expected) in [("1", &[1][..]), ("2", &[1, 2])] {
        folder.file("quote.toml", &QUOTE.replace("version = 1", &format!("version = {version}")));
        assert_eq!(typed("lock quote.toml", &folder), (0, String::new(), String::new()));
        assert_eq!(numbers(&folder, "kept/in/md.lock"), expected);
    }
    assert!(folder.path("md.lock").is_symlink() && folder.path("second").is_symlink());
    assert_eq!(entries(&folder.path("kept/in")).len(), 2, "nothing is left");
    symlink("kept/in/md.rs", folder.path("md.rs")).unwrap();
    assert_eq!(typed("quote.toml --lang rust -o .", &folder), (0, String::new(), String::new()));
    assert!(folder.path("md.rs").is_symlink() && folder.path("kept/in/md.rs").is_file());
}

#[test]
fn a_version_is_locked_once() {
    let folder = Scratch::new("lock-once");
    folder.file("quote.toml", QUOTE);
    assert_eq!(
        typed("check quote.toml", &folder),
        (
            0,
            "quote.toml: no error; there is no md.lock to compare it with, which `ipcgen lock` makes\n"
                .into(),
            String::new()
        )
    );
    assert_eq!(typed("lock quote.toml", &folder).0, 0);
    let (file, inode) = (folder.path("md.lock"), fs::metadata(folder.path("md.lock")).unwrap().ino());
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(typed("lock quote.toml", &folder), (0, String::new(), String::new()));
    assert_eq!(typed("check quote.toml", &folder).1, "quote.toml: version 1 is as it was\n");

    // Another fact, in the same version.
    folder.file("quote.toml", &QUOTE.replace("\"f64\"", "\"f64\", min = 0"));
    for command in ["check quote.toml", "lock quote.toml"] {
        let (code, printed, said) = typed(command, &folder);
        assert_eq!(code, 1);
        assert!(said.contains("[E0724]") && said.contains("md.lock:"), "{said}");
        assert_eq!(
            printed.contains("Quote.price: no least number -> least number 0.0"),
            command.starts_with("check")
        );
    }
    // A later one that breaks the first.
    folder.file("quote.toml", &QUOTE.replace("version = 1", "version = 2").replace("f64", "f32"));
    let (code, _, said) = typed("lock quote.toml", &folder);
    assert_eq!(code, 1);
    assert!(said.contains("[E0713]") && said.contains("md.lock: nothing was locked"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode);
    assert_eq!(entries(&folder.path("")).len(), 2, "a temporary file is left behind");
}

#[test]
fn versions_of_an_imported_schema_are_its_own() {
    let folder = Scratch::new("lock-imports");
    let common = "[schema]\nname = \"common\"\nversion = 5\n[record.Level]\nfields = [\n  \
                  { name = \"px\", type = \"i64\" },\n  \
                  { name = \"qty\", type = \"u64\", since = 4, deprecated = 5 },\n]\n";
    let book = |version| {
        format!(
            "[schema]\nname = \"book\"\nversion = {version}\nimport = [\"common.toml\"]\n[record.Book]\n\
             fields = [ {{ name = \"best\", type = \"Level\" }} ]\n"
        )
    };
    folder.file("common.toml", common);
    folder.file("book.toml", &book(9));
    assert_eq!(typed("lock book.toml", &folder).0, 0);
    assert_eq!(typed("check book.toml", &folder).1, "book.toml: version 9 is as it was\n");
    let later =
        common.replace("version = 5", "version = 6").replace("since = 4, deprecated = 5", "since = 3");
    folder.file("common.toml", &later);
    folder.file("book.toml", &book(10));
    let (code, printed, _) = typed("check book.toml", &folder);
    let compatible = "book.toml: version 10 is compatible with version 9; it is not locked yet\n";
    assert_eq!((code, printed.as_str()), (0, compatible));
    let added = "{ name = \"orders\", type = \"u32\", since = 6 },\n]";
    folder.file("common.toml", &later.replace("since = 3 },\n]", &format!("since = 3 }},\n{added}")));
    let (code, _, said) = typed("check book.toml", &folder);
    assert_eq!(code, 1);
    assert!(said.contains("[E0716]") && said.ends_with("book.toml: 1 error\n"), "{said}");
}

#[test]
fn files_are_where_they_are_said_to_be() {
    let folder = Scratch::new("lock-files");
    folder.file("quote.toml", QUOTE);
    folder.file("other.toml", &QUOTE.replace("\"md\"", "\"other\""));
    assert_eq!(typed("lock quote.toml -o locks/quote.lock", &folder).0, 0);
    let (code, printed, _) = typed("check quote.toml --against locks/quote.lock", &folder);
    assert_eq!((code, printed.as_str()), (0, "quote.toml: version 1 is as it was\n"));
    let (code, _, said) = typed("check other.toml --against locks/quote.lock", &folder);
    assert_eq!(code, 1);
    assert!(said.contains("this is the lock of the schema `md`"), "{said}");
    for (line, expected) in [
        ("check missing.toml", "error: missing.toml: No such file or directory"),
        ("check quote.toml --against missing.toml", "error: missing.toml: No such file or directory"),
        ("check quote.toml --against missing.lock", "error: missing.lock: there is no such lock"),
        ("lock quote.toml -o quote.toml/x.lock", "error: quote.toml/x.lock: Not a directory"),
        ("lock quote.toml other.toml -o x.lock", "several schemas do not fit into one lock"),
    ] {
        let (code, printed, said) = typed(line, &folder);
        assert_eq!((code, printed.as_str()), (2, ""), "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
    // Several at once, each with its own.
    assert_eq!(typed("lock quote.toml other.toml", &folder).0, 0);
    assert!(folder.path("md.lock").exists() && folder.path("other.lock").exists());
    // Generating code is not a matter of the past.
    folder.file("quote.toml", &QUOTE.replace("f64", "f32"));
    assert_eq!(typed("quote.toml -o out", &folder).0, 0);
}

const PIECES: [&str; 24] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "\n",
    "\\",
    "é",
    "\0",
    "0",
    "-1",
    "99999999999",
    "[[",
    "#",
    "__",
    "[version.2]\n",
    "type",
    "u8",
    "since = 9, ",
    "offset = 3, ",
    "record.Quote",
];

#[test]
fn damage_is_reported() {
    let locks: Vec<(String, Version, String)> = goldens()
        .into_iter()
        .map(|(name, version)| {
            let text = locked(&name, &version);
            (name, version, text)
        })
        .collect();
    let mut random = Random::seeded();
    let mut noticed = 0;
    for round in 0..1000 {
        let (name, version, text) = &locks[random.below(locks.len())];
        let mut text: Vec<char> = text.chars().take(4000).collect();
        for _ in 0..=random.below(3) {
            let at = random.below(text.len() + 1);
            let until = (at + random.below(6)).min(text.len());
            text.splice(at..until, PIECES[random.below(PIECES.len())].chars());
        }
        let source = Source::new("x.lock", text.into_iter().collect::<String>());
        let (lock, found) = Lock::read(source.clone(), name);
        assert_eq!(lock.is_none(), found.has_errors());
        assert_eq!(found.render(&source, round % 2 == 0).is_empty(), found.reports().is_empty());
        if let Some(lock) = lock {
            let verdict = evolution::check(version, lock.versions());
            let _ = verdict.found.render(&source, false);
        } else {
            noticed += 1;
        }
    }
    assert!(noticed > 700, "{noticed}");
}

#[test]
fn what_does_not_follow_is_noticed() {
    let (_, version) = version(Source::new("md.toml", QUOTE)).unwrap();
    let text = locked("md", &version);
    for (from, to) in [
        ("offset = 0", "offset = 8"),
        ("\"f64\"", "\"i64\""),
        ("size = 8, ", "size = 4, "),
        ("size = 8\n", "size = 16\n"),
        ("align = 8", "align = 16"),
        ("price", "prices"),
        (", layout_chain", ", unit = \"USD\", layout_chain"),
        ("record.Quote", "record.Quotes"),
        ("format = 1", "format = 2"),
    ] {
        assert!(text.contains(from), "{from}");
        let source = Source::new("md.lock", text.replacen(from, to, 1));
        let (lock, found) = Lock::read(source, "md");
        assert!(lock.is_none(), "{to}");
        let rules: Vec<Rule> = found.reports().iter().map(|report| report.rule).collect();
        let layout = [Rule::OutOfRange, Rule::SizeTooSmall, Rule::SizeMisaligned];
        assert!(rules.contains(&Rule::LockDamaged) || layout.contains(&rules[0]), "{to}: {rules:?}");
    }
}

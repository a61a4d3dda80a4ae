//! Descriptions, compared and refused: Python and Go find the same first difference as the layout crate, and of bytes that are
//! no description they say what it says.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use integration_tests::tools::{has_tool, run};
use ipcgen::emit::Language;
use ipcgen::source::Source;
use shmrecord_layout::compat;
use shmrecord_layout::describe;

use crate::served::{fixture, folder, generate, go, has_go, model, suite};

const SCHEMA: &str = r#"
[schema]
name = "base"
[enum.Side]
repr   = "i8"
values = { Bid = -1, Ask = 1, Both = 3 }
[flags.State]
repr = "u16"
bits = { STALE = 1, CROSSED = 2 }
[record.Level]
fields = [
  { name = "price", type = "i64", exp = -9, unit = "USD", null = "max" },
  { name = "mean", type = "f64", null = "nan" },
  { name = "open", type = "bool" },
]
[record.Book]
fields = [
  { name = "symbol", type = "[char; 10]" },
  { name = "side", type = "Side" },
  { name = "state", type = "[State; 2]" },
  { name = "levels", type = "[[Level; 2]; 3]" },
  { name = "at", type = "u64", time = "unix_ns" },
]
"#;

/// What another schema has instead.
const CHANGES: &[(&str, &str)] = &[
    ("[schema]", "[schema]"),
    ("[char; 10]", "[u8; 10]"),
    ("symbol", "ticker"),
    ("Bid = -1", "Bid = -2"),
    ("Bid = -1, ", ""),
    ("Both = 3", "Either = 3"),
    ("Both = 3", "Both = 3, More = 4"),
    ("repr   = \"i8\"", "repr   = \"i8\"\nclosed = true"),
    ("repr   = \"i8\"", "repr   = \"i16\""),
    ("Side", "Where"),
    ("\"Side\" }", "\"i8\" }"),
    ("CROSSED = 2", "CROSSED = 3"),
    ("STALE = 1", "OLD = 1"),
    (", CROSSED = 2", ""),
    ("exp = -9", "exp = -8"),
    ("exp = -9, ", ""),
    ("\"USD\"", "\"EUR\""),
    ("unit = \"USD\", ", ""),
    ("null = \"max\"", "null = -7"),
    (", null = \"max\"", ""),
    ("null = \"nan\"", "null = -1.0"),
    ("null = \"nan\"", "null = 0.1"),
    ("null = \"nan\"", "null = -1e300"),
    ("null = \"nan\"", "null = -2147483648.0"),
    ("null = \"nan\"", "null = 2147483647.0"),
    ("null = \"nan\"", "null = 2147483648.0"),
    ("null = \"nan\"", "null = -0.0"),
    ("unix_ns", "unix_us"),
    (", time = \"unix_ns\"", ""),
    ("[[Level; 2]; 3]", "[[Level; 3]; 2]"),
    ("\"bool\" },", "\"u8\" },"),
    ("\"bool\" },", "\"bool\" },\n  { name = \"more\", type = \"u32\" },"),
    ("[record.Level]", "[record.Level]\nalign = 32"),
    ("[record.Book]", "[record.Book]\nsize = 512"),
    ("[record.Book]", "[record.Ladder]"),
];

/// The description of the last record of the base schema, changed.
fn description(change: &(&str, &str)) -> Vec<u8> {
    let text = SCHEMA.replace(change.0, change.1);
    assert!(text != SCHEMA || change.0 == change.1, "{change:?} changes nothing");
    let model = model(&Source::new("base.toml", text));
    model.records.last().expect("a record").description.clone()
}

/// The base description and others, changed by schema or by byte.
fn pairs() -> Vec<(Vec<u8>, Vec<u8>)> {
    let base = description(&("", ""));
    let mut pairs: Vec<_> = CHANGES.iter().map(|change| (description(change), base.clone())).collect();
    pairs.extend(CHANGES.iter().map(|change| (base.clone(), description(change))));
    for at in 0..base.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut other = base.clone();
            other[at] ^= flip;
            pairs.push((other, base.clone()));
        }
    }
    pairs.extend((0..base.len()).step_by(7).map(|length| (base[..length].to_vec(), base.clone())));
    pairs
}

/// What the layout crate says.
fn expected((segment, here): &(Vec<u8>, Vec<u8>)) -> String {
    let here = describe::decode(here).expect("an own description");
    match describe::decode(segment) {
        Err(malformed) => format!("malformed: {malformed}"),
        Ok(segment) => compat::first_difference(&segment, &here).unwrap_or_else(|| "no difference".into()),
    }
}

/// Pairs in hexadecimal, one on a line, as the programs read them.
fn input(pairs: &[(Vec<u8>, Vec<u8>)], language: Language) -> PathBuf {
    let mut text = String::new();
    for (segment, here) in pairs {
        for (bytes, end) in [(segment, ' '), (here, '\n')] {
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text.push(end);
        }
    }
    let path = folder().join(format!("descriptions-{}.txt", language.name()));
    fs::write(&path, text).expect("a new file");
    path
}

fn compare(language: Language, command: &mut Command) {
    let pairs = pairs();
    let file = File::open(input(&pairs, language)).expect("the file that was written");
    let said = run(command.stdin(file));
    let said: Vec<_> = said.lines().collect();
    assert_eq!(said.len(), pairs.len());
    let mut kinds = std::collections::BTreeSet::new();
    for (at, (said, pair)) in said.into_iter().zip(&pairs).enumerate() {
        let expected = expected(pair);
        // Where two strings of one entry are wrong, each language may find another first.
        let text = |words: &str| words.starts_with("malformed: a string ");
        assert!(said == expected || text(said) && text(&expected), "pair {at}: {said}, not {expected}");
        kinds.insert(expected.split(':').nth(1).map(str::to_owned));
    }
    assert!(kinds.len() > 30, "{kinds:?}");
}

#[test]
fn python_finds_the_same_first_difference() {
    if !has_tool("python3") {
        return;
    }
    let folder = folder().join("descriptions-python");
    generate(&fixture(), Language::Python, &folder);
    compare(
        Language::Python,
        Command::new("python3").arg("-B").arg(suite("python/compare.py")).env("PYTHONPATH", folder),
    );
}

#[test]
fn go_finds_the_same_first_difference() {
    if !has_go() {
        return;
    }
    let folder = folder().join("descriptions-go");
    generate(&fixture(), Language::Go, &folder);
    fs::copy(suite("go/compare.go"), folder.join("shmrecord/compare.go")).expect("a new file");
    let main = "package main\n\nimport \"example/shmrecord\"\n\nfunc main() { shmrecord.Compare() }\n";
    fs::write(folder.join("main.go"), main).expect("a new file");
    compare(Language::Go, go(&folder).args(["run", "."]));
}

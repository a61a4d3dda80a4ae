//! The numbers and words that both runtimes spell out, compared in their sources: every one on either side has a partner.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;

use crate::tools::project;

const ERRORS_IN_RUST: &str = "runtime/src/error/kind.rs";
const ERRORS_IN_C: &str = "runtime/include/shmrecord/error.h";

/// A constant's value.
#[derive(Debug, PartialEq)]
enum Value {
    Number(u64),
    Text(String),
}

fn source(path: &str) -> String {
    fs::read_to_string(project(path)).unwrap()
}

#[test]
fn every_constant_has_a_twin() {
    let mut rust = rust_constants(&source("runtime/layout/src/abi.rs"));
    let c = c_constants(&source("runtime/include/shmrecord/abi.h"));
    assert!(rust.len() > 50, "{rust:?}");
    // The only list. That C takes the same cells is shown by requests for all numbers of them: see `errors`.
    assert!(rust.remove("SHMREC_CELL_COUNTS").is_some());
    assert_same(&rust, &c);
}

#[test]
fn the_document_has_the_descriptions_table_of_the_source() {
    let rust = source("runtime/layout/src/describe/mod.rs").replace("//! ", "");
    let document = source("docs/FORMAT.md");
    let table = |text: &str| -> Vec<String> {
        let table = between(text, "header      0 bytes u32", "```");
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    assert!(table(&rust).len() > 10);
    assert_eq!(table(&document), table(&rust));
}

/// Says which names differ, and how.
#[track_caller]
fn assert_same<V: PartialEq + Debug>(rust: &BTreeMap<String, V>, c: &BTreeMap<String, V>) {
    let names: BTreeSet<&String> = rust.keys().chain(c.keys()).collect();
    let differ = names.into_iter().filter(|name| rust.get(*name) != c.get(*name));
    let differ: Vec<String> =
        differ.map(|name| format!("{name}: {:?} in Rust, {:?} in C", rust.get(name), c.get(name))).collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// The constants of `abi.rs` by their names in C: `header::CELLS` is `SHMREC_HEADER_CELLS`.
fn rust_constants(text: &str) -> BTreeMap<String, Value> {
    let mut constants = BTreeMap::new();
    let mut module = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("pub mod ") {
            module = format!("{}_", name.trim_end_matches(" {").to_uppercase());
        } else if line == "}" {
            module.clear();
        } else if let Some(constant) = line.trim_start().strip_prefix("pub const ") {
            let (name, rest) = constant.split_once(": ").unwrap();
            let value = rest.split_once(" = ").unwrap().1.trim_end_matches(';');
            constants.insert(format!("SHMREC_{module}{name}"), rust_value(value));
        }
    }
    constants
}

fn rust_value(text: &str) -> Value {
    if let Some(bytes) = text.strip_prefix("u64::from_le_bytes(*b\"") {
        let bytes = bytes.trim_end_matches("\")").as_bytes();
        Value::Number(u64::from_le_bytes(bytes.try_into().unwrap()))
    } else if let Some((one, places)) = text.split_once(" << ") {
        Value::Number(number(one) << number(places))
    } else if text.starts_with(['"', '[']) {
        Value::Text(text.trim_matches('"').to_owned())
    } else {
        Value::Number(number(text))
    }
}

fn c_constants(text: &str) -> BTreeMap<String, Value> {
    let defined = text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    let value = |text: &str| match text.strip_prefix("UINT64_C(").unwrap_or(text).trim_end_matches([')', 'u'])
    {
        text if text.starts_with('"') => Value::Text(text.trim_matches('"').to_owned()),
        text => Value::Number(number(text)),
    };
    defined.map(|(name, text)| (name.to_owned(), value(text))).collect()
}

fn number(text: &str) -> u64 {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    u64::from_str_radix(&digits.replace('_', ""), radix).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

#[test]
fn every_error_has_the_same_code_in_c() {
    let rust = source(ERRORS_IN_RUST);
    let rust = between(&rust, "pub fn code", "\n    }\n");
    let codes = rust.lines().filter_map(|line| {
        let (name, code) = line.trim().strip_prefix("Self::")?.trim_end_matches(',').split_once(" => ")?;
        Some((c_name(name.split(' ').next()?), number(code)))
    });
    let c = source(ERRORS_IN_C);
    let c = between(&c, "enum shmrec_code {", "};");
    let c_codes = c.lines().filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix("SHMREC_")?.split_once(" = ")?;
        Some((name.to_owned(), number(rest.split([',', ' ']).next()?)))
    });
    let mut codes: BTreeMap<_, _> = codes.collect();
    assert!(codes.len() > 30);
    codes.insert("OK".to_owned(), 0);
    assert_same(&codes, &c_codes.collect());
    let used: BTreeSet<u64> = codes.values().copied().collect();
    assert_eq!(used, (0..codes.len() as u64).collect(), "each code once, without a gap");
}

#[test]
fn every_status_has_the_same_number_in_c() {
    let rust = source("runtime/src/status.rs");
    let numbers = |line: &str, prefix| {
        let (name, number_of) = line.trim().strip_prefix(prefix)?.split_once(" = ")?;
        Some((name.to_owned(), number(number_of.split([',', ' ']).next()?)))
    };
    let rust = between(&rust, "pub enum Status {", "\n}\n").lines();
    let rust: BTreeMap<_, _> =
        rust.filter_map(|line| numbers(line, "")).map(|(name, number)| (c_name(&name), number)).collect();
    let c = source("runtime/include/shmrecord/status.h");
    let c = between(&c, "enum shmrec_status {", "};").lines();
    assert!(rust.len() > 4, "{rust:?}");
    assert_same(&rust, &c.filter_map(|line| numbers(line, "SHMREC_STATUS_")).collect());
}

#[test]
fn every_error_has_the_same_words_in_c() {
    let rust = source(ERRORS_IN_RUST);
    let c = source(ERRORS_IN_C);
    for (rust, c, all) in [
        (
            between(&rust, "fn hint", "\n    }\n"),
            between(&c, "shmrec_code_hint(int code) {", "default:"),
            true,
        ),
        (
            between(&rust, "for ErrorKind {", "\n}\n"),
            between(&c, "shmrec_code_text(int code) {", "default:"),
            false,
        ),
    ] {
        let mut c = words(c, "case SHMREC_", |name| name.to_owned());
        assert_eq!(c.remove("OK").map(|words| words.len()), Some(1));
        let mut rust = words(rust, "Self::", c_name);
        assert!(rust.len() > 30, "{rust:?}");
        for (name, words) in &mut rust {
            // Words with data in them have no twin; some errors have words with data and words without.
            words.retain(|words| !words.contains('{'));
            if words.is_empty() && !all {
                words.extend(c.get(name).cloned().unwrap_or_default());
            }
        }
        assert_same(&rust, &c);
    }
}

/// The literals of a `match` or `switch`, each under the names of the patterns before it.
fn words(text: &str, prefix: &str, twin: impl Fn(&str) -> String) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for piece in text.split('"').collect::<Vec<_>>().chunks_exact(2) {
        for pattern in piece[0].split(prefix).skip(1) {
            let name = pattern.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
            found.entry(twin(name)).or_default().push(piece[1].to_owned());
        }
    }
    found
}

/// `LayoutMismatch` is `LAYOUT_MISMATCH`.
fn c_name(name: &str) -> String {
    let mut twin = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !twin.is_empty() {
            twin.push('_');
        }
        twin.push(c.to_ascii_uppercase());
    }
    twin
}

#[track_caller]
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("`{start}` is gone"));
    rest.split_once(end).unwrap_or_else(|| panic!("`{end}` is gone")).0
}

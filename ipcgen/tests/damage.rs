//! Damaged schemas give reports, and damaged programs faults: never a panic, and soon.

mod support;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use ipcgen::emit::{self, Language};
use ipcgen::import::{self, Request};
use ipcgen::source::Source;
use support::random::Random;
use support::{Scratch, entries, has_tool, path, run};

const PIECES: [&str; 28] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "\n",
    "\r\n",
    "\\u0041",
    "\\",
    "é",
    "\u{202e}",
    "\0",
    "0",
    "-1",
    "[[",
    "\"\"\"",
    ";",
    "#",
    "type",
    "9999999999",
    "\u{feff}",
    "[segment.s]\n",
    "sysv:",
    "ftok(",
    "0o777",
];

#[test]
fn damage_is_reported() {
    // With their paths, so that they find what they import.
    let mut schemas: Vec<Source> = Vec::new();
    for folder in ["tests/golden", "tests/errors", "tests/errors/imported"] {
        for entry in entries(&path(folder)) {
            let file = if entry.is_dir() { entry.join("schema.toml") } else { entry };
            if file.is_file() && file.extension().is_some_and(|extension| extension == "toml") {
                schemas.push(Source::read(&file).unwrap());
            }
        }
    }
    let mut random = Random::seeded();
    for round in 0..4000 {
        let schema = &schemas[random.below(schemas.len())];
        let mut text: Vec<char> = schema.text().chars().take(1500).collect();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len() + 1);
            let until = (at + random.below(6)).min(text.len());
            text.splice(at..until, PIECES[random.below(PIECES.len())].chars());
        }
        let source = Source::new(schema.name(), text.into_iter().collect::<String>());
        let (model, found) = ipcgen::compile(&source);
        assert_eq!(model.is_none(), found.has_errors(), "{}", source.text());
        assert_eq!(found.render(&source, round % 2 == 0).is_empty(), found.reports().is_empty());
        if let Some(model) = model {
            for language in Language::ALL {
                assert!(!language.emit(&model).is_empty());
            }
            assert!(!emit::listing(&model).is_empty());
            assert!(emit::svg([&model]).ends_with("</svg>\n"));
        }
    }
}

/// Changes that reach a program's debugging information on every run of the test.
const ROUNDS: usize = 700;
/// What an import may take at most; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn damaged_programs_are_refused_or_imported() {
    let folder = Scratch::new("damage-programs");
    let forms: [(&str, &str, &str, &[&str]); 4] = [
        ("gcc", "legacy.h", "every", &["-gdwarf-5", "-x", "c", "-c"]),
        (
            "gcc",
            "legacy.h",
            "foreign",
            &["-gdwarf-4", "-fdebug-types-section", "-shared", "-nostdlib", "-x", "c"],
        ),
        ("clang", "legacy.h", "every", &["-gdwarf-5", "-x", "c", "-shared", "-nostdlib", "-fuse-ld=bfd"]),
        ("g++", "legacy.hpp", "feed::Quote", &["-gdwarf-5", "-gz=zlib", "-x", "c++", "-c"]),
    ];
    let mut random = Random::seeded();
    for (compiler, header, record, form) in forms {
        if !has_tool(compiler) {
            continue;
        }
        let program = folder.path("program");
        let mut command = Command::new(compiler);
        command.args(form).arg("-fno-eliminate-unused-debug-types").arg("-o").arg(&program);
        run(command.arg(path("tests/import/golden").join(header)));
        let whole = fs::read(&program).unwrap();
        let (mut imported, mut refused) = (0, 0);
        for round in 0..ROUNDS {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &mut random);
            }
            let request = Request { record: record.into(), reserve: round % 3 != 0, schema: "feed".into() };
            let start = Instant::now();
            match import::schema(&bytes, &request) {
                Ok(text) => {
                    imported += 1;
                    assert!(ipcgen::compile(&Source::new("damaged", text)).0.is_some());
                }
                Err(fault) => {
                    refused += 1;
                    assert!(fault.to_string().starts_with("error: "));
                }
            }
            assert!(start.elapsed() < PATIENCE, "{compiler} {form:?}, round {round}");
        }
        assert!(imported > 0 && refused > 0, "{compiler} {form:?}: {imported} imported, {refused} refused");
    }
}

/// Changes a byte, copies some over others, or cuts the end off.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(12) {
        0 => bytes.truncate(at.max(64)),
        1..4 => {
            let length = random.below(16).min(bytes.len() - at);
            let from = random.below(bytes.len() - length);
            bytes.copy_within(from..from + length, at);
        }
        4..8 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
        _ => bytes[at] ^= 1 << random.below(8),
    }
}

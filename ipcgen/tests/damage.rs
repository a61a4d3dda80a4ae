//! Damaged schemas give reports, never a panic.

mod support;

use ipcgen::emit::{self, Language};
use ipcgen::source::Source;
use support::random::Random;
use support::{entries, path};

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
    let mut random = Random(1);
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
        }
    }
}

//! Texts of schemas, none of which may harm the tool: what holds is written in both languages, the rest is reported with
//! places that are in the text.

use ipcgen::emit::{self, Language};
use ipcgen::source::Source;

use crate::languages::project;
use crate::mutator::{self, change_length};
use crate::random::Random;
use crate::run;

/// Longer texts say nothing new.
const MOST: usize = 4000;
/// Bytes that mean something in a schema, or to whoever reads it.
const PIECES: [&str; 26] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "\n",
    "\"\"\"",
    "[[",
    "#",
    ".",
    "_",
    "-",
    "0x",
    "1e9",
    "inf",
    "true",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{10ffff}",
    "18446744073709551615",
    "4294967295",
    "1979-05-27",
];

#[test]
fn hostile_schemas_are_reported_or_hold() {
    run::inputs("schemas::hostile_schemas_are_reported_or_hold", 600, String::new, |_| {
        let whole = whole();
        move |random| check(&hostile(random, &whole))
    });
}

/// The schemas of the project, good and bad.
fn whole() -> Vec<String> {
    let mut folders = vec![project("schemas"), project("ipcgen/tests")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                texts.extend(std::fs::read_to_string(&path));
            }
        }
    }
    texts.sort(); // the same order everywhere
    texts
}

/// What the tool makes of this text.
pub(crate) fn check(text: &str) {
    let source = Source::new("hostile.toml", text);
    let (model, found) = ipcgen::compile(&source);
    assert_eq!(model.is_none(), found.has_errors());
    for coloured in [false, true] {
        assert_eq!(found.render(&source, coloured).is_empty(), found.reports().is_empty());
    }
    if let Some(model) = model {
        for language in Language::ALL {
            assert!(!language.emit(&model).is_empty());
        }
        assert!(!emit::listing(&model).is_empty());
    }
}

fn hostile(random: &mut Random, whole: &[String]) -> String {
    let mut bytes = match random.below(16) {
        0 => mutator::arbitrary(random, 300),
        1 => nested(random),
        2 => spliced(random, whole),
        3 => random.text("fuzz").into_bytes(),
        _ => whole[random.below(whole.len())].clone().into_bytes(),
    };
    for _ in 0..random.below(5) {
        let at = random.below(bytes.len() + 1);
        if random.below(2) == 0 {
            change_length(random, &mut bytes);
        } else {
            let until = (at + random.below(4)).min(bytes.len());
            bytes.splice(at..until, PIECES[random.below(PIECES.len())].bytes());
        }
    }
    bytes.truncate(MOST);
    // The tool reads nothing but UTF-8.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Brackets in brackets, in the text and in a type.
fn nested(random: &mut Random) -> Vec<u8> {
    let depth = random.below(1000);
    let [open, close] = [["[", "]"], ["{ a = ", "}"], ["[u8; ", "; 1]"], ["[", "; 1]"]][random.below(4)];
    let value = [open.repeat(depth), close.repeat(depth)].join("u8");
    let value = if random.below(2) == 0 { format!("{value:?}") } else { value };
    format!("[schema]\nname = \"n\"\n[record.R]\nfields = [{{ name = \"f\", type = {value} }}]\n")
        .into_bytes()
}

/// The beginning of one and the end of another.
fn spliced(random: &mut Random, whole: &[String]) -> Vec<u8> {
    let mut half = || {
        let text = whole[random.below(whole.len())].as_bytes();
        text.split_at(random.below(text.len() + 1))
    };
    [half().0, half().1].concat()
}

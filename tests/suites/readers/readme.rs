//! The programs for Python and Go in README.md, run as they stand there, but for the address.

use std::fs;
use std::path::Path;
use std::process::Command;

use integration_tests::place::{Backend, Place};
use integration_tests::tools::{has_tool, run};
use ipcgen::emit::Language;
use ipcgen::source::Source;
use shmrecord::{ShmRecord, Writer};

use crate::served::{folder, generate, go, has_go, model};

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct MarketData {
    #[shm(text)]
    symbol: [u8; 10],
    #[shm(unit = "USD")]
    price: f64,
    #[shm(unit = "shares")]
    volume: i64,
}

/// The first block of README.md in this language.
fn block(language: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project").join("README.md");
    let text = fs::read_to_string(readme).expect("README.md");
    let block = text.split_once(&format!("```{language}\n")).and_then(|(_, rest)| rest.split_once("```"));
    block.unwrap_or_else(|| panic!("no block in {language}")).0.to_owned()
}

/// A table at a new place, and the program in this language, which reads it.
fn table(language: &str) -> (Place, Writer<MarketData>, String) {
    let place = Place::new(Backend::Posix);
    let mut writer = Writer::<MarketData>::create(place.address(), 100).expect("a new table");
    let quote = MarketData { symbol: *b"AAPL\0\0\0\0\0\0", price: 127.5, volume: 63_152_400 };
    writer.write(7, &quote).expect("an index in range");
    let program = block(language);
    assert!(program.contains("\"posix:/quotes\""));
    let program = program.replace("posix:/quotes", place.address());
    (place, writer, program)
}

#[test]
fn the_python_program_prints_the_quote() {
    if !has_tool("python3") {
        return;
    }
    let (_place, _writer, program) = table("python");
    let folder = folder().join("readme-python");
    generate(&model(&Source::new("market_data.toml", block("toml"))), Language::Python, &folder);
    fs::write(folder.join("program.py"), program).expect("a new file");
    let mut command = Command::new("python3");
    command.args(["-B", "-W", "error", "program.py"]).current_dir(folder);
    assert_eq!(run(&mut command), "AAPL 127.5 63152400\n");
}

#[test]
fn the_go_program_prints_the_quote() {
    if !has_go() {
        return;
    }
    let (_place, _writer, program) = table("go");
    let folder = folder().join("readme-go");
    generate(&model(&Source::new("market_data.toml", block("toml"))), Language::Go, &folder);
    fs::write(folder.join("main.go"), program).expect("a new file");
    assert_eq!(run(go(&folder).args(["run", "."])), "AAPL 127.5 63152400 <nil>\n");
}

//! The README's schema, struct and C program are real: compiled as they stand there, and run.

use std::fs;
use std::process::Command;

use integration_tests::place::{Backend, Place};
use ipcgen::source::Source;
use shmrecord::{ShmRecord, Writer};

use crate::tools::{Compiler, model_of, project, run, write, write_header};

#[expect(unreachable_pub, reason = "as it stands in the README")]
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct MarketData {
    #[shm(text)]
    pub symbol: [u8; 10],
    #[shm(unit = "USD")]
    pub price: f64,
    #[shm(unit = "shares")]
    pub volume: i64,
}

/// The README's first block in a language.
fn block(language: &str) -> String {
    let readme = fs::read_to_string(project("README.md")).unwrap();
    let block = readme.split_once(&format!("```{language}\n")).and_then(|(_, rest)| rest.split_once("```"));
    block.unwrap_or_else(|| panic!("no block in {language}")).0.to_owned()
}

#[test]
fn the_struct_is_the_one_compiled_here_and_the_schemas() {
    assert!(include_str!("readme.rs").contains(&block("rust")), "{}", block("rust"));
    let record = &model_of(&Source::new("market_data.toml", block("toml"))).records[0];
    let layout = MarketData::LAYOUT;
    assert_eq!((record.layout_id, record.schema_id), (layout.layout_id, layout.schema_id));
}

#[test]
fn the_segment_is_the_one_that_the_example_adopts() {
    let readme = fs::read_to_string(project("README.md")).unwrap();
    let (_, section) = readme.split_once("## Segments of other programs").unwrap();
    let section = section.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
    let schema = fs::read_to_string(project("schemas/legacy.toml")).unwrap();
    assert!(schema.contains(section), "{section}");
}

#[test]
fn the_c_program_prints_the_quote() {
    let place = Place::new(Backend::Posix);
    let program = block("c");
    let code = program.rsplit_once("#include").and_then(|(_, rest)| rest.split_once('\n')).unwrap().1;
    let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines < 15, "{lines} lines");

    write_header(&model_of(&Source::new("market_data.toml", block("toml"))));
    assert!(program.contains("\"posix:/quotes\""));
    let source = write("readme.c", &program.replace("posix:/quotes", place.address()));
    let mut writer = Writer::<MarketData>::create(place.address(), 100).unwrap();
    writer.write(7, &MarketData { symbol: *b"AAPL\0\0\0\0\0\0", price: 127.5, volume: 63_152_400 }).unwrap();
    for compiler in [
        Compiler { name: "gcc", flags: &["-std=c11", "-O1"] },
        Compiler { name: "clang", flags: &["-std=c17", "-O1"] },
        Compiler { name: "g++", flags: &["-xc++", "-std=c++17", "-O1"] },
    ] {
        if compiler.is_there() {
            let program = compiler.compile(&format!("readme-{}", compiler.name), &source, &[]);
            assert_eq!(run(&mut Command::new(program)), "AAPL 127.5 63152400\n");
        }
    }
}

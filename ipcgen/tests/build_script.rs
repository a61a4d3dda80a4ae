//! A crate whose `build.rs` calls ipcgen, built with cargo as a user builds it: the schema becomes a Rust module and a C
//! header, and a mistake in it becomes an error that cargo shows.

mod support;

use std::fs;
use std::process::Command;

use support::{Scratch, path, run};

const BUILD: &str = r#"fn main() {
    ipcgen::Build::new().schema("schema/md.toml").c_header("include/md.h").schema("schema/book.toml").run();
}
"#;
/// Imports the other one.
const BOOK: &str = r#"[schema]
name = "book"
import = ["md.toml"]
[record.Book]
fields = [ { name = "last", type = "[MarketData; 2]" } ]
"#;
const MAIN: &str = r#"mod md {
    shmrecord::include_schema!("md");
}
mod book {
    shmrecord::include_schema!("book");
}

use shmrecord::ShmRecord;

fn main() {
    let quote = md::MarketData { symbol: *b"AAPL\0\0\0\0\0\0", price: 127.5, volume: 1 };
    let book = book::Book { last: [quote; 2] };
    assert_eq!(book.last[1].symbol_str(), Ok("AAPL"));
    println!("{} {:016x} {}", md::MarketData::LAYOUT.name, md::MarketData::LAYOUT.layout_id, quote.price);
}
"#;

#[test]
fn a_schema_becomes_a_module_of_the_crate() {
    let package = Scratch::new("build-script");
    for folder in ["schema", "src"] {
        fs::create_dir(package.path(folder)).unwrap();
    }
    let manifest = format!(
        "[workspace]\n[package]\nname = \"fixture\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         shmrecord = {{ path = {:?} }}\n[build-dependencies]\nipcgen = {{ path = {:?} }}\n",
        path("../runtime"),
        path("")
    );
    package.file("Cargo.toml", &manifest);
    package.file("build.rs", BUILD);
    package.file("src/main.rs", MAIN);
    package.file("schema/book.toml", BOOK);
    fs::copy(path("../Cargo.lock"), package.path("Cargo.lock")).unwrap();
    fs::copy(path("../schemas/market_data.toml"), package.path("schema/md.toml")).unwrap();
    let cargo = || {
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--offline"]).current_dir(package.path(""));
        // A folder of its own: the one of the workspace is locked while tests are built.
        command.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/build-script-target"));
        command
    };
    assert_eq!(run(&mut cargo()), "MarketData 723fc90723bbe9c9 127.5\n");
    for file in ["include/md.h", "include/shmrecord/table.h"] {
        assert!(package.path(file).exists(), "{file}");
    }

    package.file(
        "schema/md.toml",
        "[schema]\nname = \"md\"\n[record.A]\nfields = [ { name = \"x\", type = \"f46\" } ]\n",
    );
    let failed = cargo().output().unwrap();
    let words = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(!failed.status.success());
    assert!(
        words.contains("error[E0301]: unknown type `f46`") && words.contains("schema/md.toml:4"),
        "{words}"
    );
}

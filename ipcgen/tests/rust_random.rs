//! What rustc makes of the Rust output of random schemas: each module holds with its assertions, which compare the sizes,
//! offsets and ids that the derive finds with those that ipcgen has. Relies on cargo, which checks a crate of them.

mod support;

use std::fmt::Write;
use std::fs;
use std::process::Command;

use ipcgen::emit::Language;
use support::random::Random;
use support::{Scratch, path, run};

/// How many there are.
const RANDOM: usize = 200;

#[test]
fn derive_and_ipcgen_agree_on_random_records() {
    let package = Scratch::new("rust-random");
    fs::create_dir(package.path("src")).unwrap();
    let manifest = format!(
        "[workspace]\n[package]\nname = \"random\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         shmrecord = {{ path = {:?} }}\n",
        path("../runtime")
    );
    package.file("Cargo.toml", &manifest);
    fs::copy(path("../Cargo.lock"), package.path("Cargo.lock")).unwrap();
    let mut random = Random(0x5eed);
    let mut library = "#![allow(dead_code)]\n".to_owned();
    for at in 0..RANDOM {
        let name = format!("r{at}");
        let text = Language::Rust.emit(&random.schema(&name));
        assert!(text.contains("assert!("), "{name}");
        package.file(&format!("src/{name}.rs"), &text);
        let _ = writeln!(library, "mod {name};");
    }
    package.file("src/lib.rs", &library);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--quiet", "--offline"]).current_dir(package.path(""));
    cargo.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/build-script-target"));
    run(&mut cargo);
}

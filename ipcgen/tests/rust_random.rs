//! What rustc makes of the Rust output of random schemas: each module holds with its assertions, which compare the sizes,
//! offsets and ids that the derive finds with those that ipcgen has. Relies on cargo, which checks crates of them.

mod support;

use std::fmt::Write;
use std::fs;
use std::process::Command;

use ipcgen::emit::Language;
use support::random::Random;
use support::{Scratch, path, run};

/// How many there are.
const RANDOM: usize = 200;
/// Crates that they are in, which cargo checks side by side: macros and constants take their time.
const CRATES: usize = 4;

#[test]
fn derive_and_ipcgen_agree_on_random_records() {
    let workspace = Scratch::new("rust-random");
    workspace.file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"part*\"]\n");
    fs::copy(path("../Cargo.lock"), workspace.path("Cargo.lock")).unwrap();
    let mut random = Random::seeded();
    for part in 0..CRATES {
        let package = format!("part{part}");
        let manifest = format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
             shmrecord = {{ path = {:?} }}\n",
            path("../runtime")
        );
        workspace.file(&format!("{package}/Cargo.toml"), &manifest);
        let mut library = "#![allow(dead_code)]\n".to_owned();
        for at in (part..RANDOM).step_by(CRATES) {
            let name = format!("r{at}");
            let text = Language::Rust.emit(&random.schema(&name));
            assert!(text.contains("assert!("), "{name}");
            workspace.file(&format!("{package}/src/{name}.rs"), &text);
            let _ = writeln!(library, "mod {name};");
        }
        workspace.file(&format!("{package}/src/lib.rs"), &library);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["check", "--quiet", "--offline", "--workspace"]).current_dir(workspace.path(""));
    cargo.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/build-script-target"));
    run(&mut cargo);
}

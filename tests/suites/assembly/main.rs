//! What the compiler makes of a write and of reads: on the way of success no call, no loop, no second copy; and a look each time
//! in a loop of reads that have no fence. Relies on `cargo` for the assembly of `tests/assembly/hot.rs`, compiled as a user's
//! program is, and on x86-64.
//!
//! | module | what |
//! |---|---|
//! | `listing` | a function in the compiler's assembly, and its ways |
#![cfg(target_arch = "x86_64")]

mod listing;

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

use listing::Listing;

static ASSEMBLY: LazyLock<String> = LazyLock::new(|| {
    // Beside what cargo has made of the example: as long as that is there it does not write the listing again.
    // That is one file for each compiler.
    let compiler = Command::new("rustc").arg("--version").output().expect("rustc runs").stdout;
    let version: String =
        String::from_utf8_lossy(&compiler).chars().filter(char::is_ascii_alphanumeric).collect();
    let listing =
        Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("release").join(format!("hot-{version}.s"));
    let emit = format!("--emit=asm={}", listing.display());
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--locked", "--release", "--example", "hot", "--"])
        .args([&emit, "-Ccodegen-units=1", "-Cdebuginfo=0"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(&listing).expect("the compiler has written it")
});

/// What is called where something is wrong, is waited for, or is to be announced: parts of names.
const SELDOM: [&str; 7] =
    ["refused", "mark_all", "attend", "retired", "3put", "read_patiently_into", "slice_index_fail"];

/// Moves by vectors on this way: from memory, and to memory.
fn vector_moves(way: &[&str]) -> (usize, usize) {
    let is_move = |it: &&&str| it.starts_with("mov") && it.contains("%xmm") && it.contains('(');
    let (stores, loads): (Vec<&str>, Vec<&str>) =
        way.iter().filter(is_move).partition(|it| it.ends_with(')'));
    (loads.len(), stores.len())
}

/// The function, of whose shortest way (that of a table of several cells) so many instructions are at most, with so many loads and
/// stores by vectors.
#[track_caller]
fn check(function: &str, most: usize, moves: (usize, usize)) -> Listing {
    let listing = Listing::of(&ASSEMBLY, function);
    for call in listing.calls() {
        let is_seldom = SELDOM.iter().any(|name| call.contains(name)) || call.contains("drop_in_place");
        assert!(is_seldom, "{function} calls {call}:\n{listing}");
    }
    let way = listing.shortest_way_without_call();
    let way = way.unwrap_or_else(|| panic!("{function} calls something on every way:\n{listing}"));
    assert_eq!(vector_moves(&way), moves, "loads and stores of 16 bytes in {function}:\n{way:#?}");
    assert!(way.len() <= most, "{} instructions in {function}:\n{way:#?}", way.len());
    assert!(!listing.has_loop(), "{function} has a loop:\n{listing}");
    listing
}

#[test]
fn a_write_calls_nothing_and_has_its_record_in_registers() {
    let write = check("hot_write", 60, (2, 2));
    // Of one cell: into the log and into the cell; of several: into the cell.
    let stores = write.to_string().lines().filter(|it| it.starts_with("movups") && it.ends_with(')')).count();
    assert_eq!(stores, 4 + 2, "{write}");
}

#[test]
fn a_read_by_value_calls_nothing_and_copies_once() {
    check("hot_read", 45, (2, 1));
}

#[test]
fn a_read_to_where_it_is_wanted_calls_nothing_and_copies_once() {
    check("hot_read_into", 40, (2, 2));
}

#[test]
fn a_read_of_one_field_loads_that_alone() {
    check("hot_price", 40, (1, 0));
}

#[test]
fn who_polls_another_programs_record_loads_it_each_time() {
    for function in ["hot_adopted_poll", "hot_adopted_poll_into"] {
        let listing = Listing::of(&ASSEMBLY, function);
        assert!(listing.has_loop(), "{function} polls:\n{listing}");
        for turn in listing.loops() {
            let looks = turn.iter().any(|it| it.starts_with("movups") || it.starts_with("call"));
            assert!(looks, "{function} turns without a look:\n{turn:#?}\nin\n{listing}");
        }
    }
}

//! What the house promises of itself: absences, sizes, documents, dependencies. Reads the sources as text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file with this ending below a folder, but for what is generated or expected output.
fn sources(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                let skipped = ["target", "generated", "golden", "errors", "expand", "ui", "fixture"];
                if !skipped.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder}: no *{ending}");
    found
}

/// The code in front of a file's unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn atomics_have_one_door_in_the_runtime() {
    for (path, text) in sources("runtime/src", ".rs") {
        let door = path.ends_with("src/sync.rs");
        assert!(door || !code(&text).contains("sync::atomic"), "{} names an atomic", path.display());
    }
}

#[test]
fn no_child_waits_for_a_thread_that_it_has_not() {
    // Each says why: `fork::lock` has another one in a child, and a notifier has no use there.
    let allowed = ["src/fork/lock.rs", "src/notify/mod.rs"];
    for (path, text) in sources("runtime/src", ".rs") {
        let known = allowed.iter().any(|allowed| path.ends_with(allowed));
        assert!(known || !code(&text).contains("Mutex::"), "{} has a lock", path.display());
        for waits in ["OnceLock", "LazyLock", "RwLock", "sync::Once"] {
            assert!(!code(&text).contains(waits), "{}: {waits}", path.display());
        }
    }
}

#[test]
fn unsafe_code_stays_where_it_belongs() {
    let allowed = [
        "src/adopt/memory.rs",
        "src/buffer.rs",
        "src/field.rs",
        "src/fork/home.rs",
        "src/fork/kept.rs",
        "src/fork/lock.rs",
        "src/fork/mod.rs",
        "src/futex.rs",
        "src/guard/copies.rs",
        "src/guard/copy.rs",
        "src/guard/copy/avx.rs",
        "src/guard/copy/sse2.rs",
        "src/guard/role/file.rs",
        "src/guard/role/sysv.rs",
        "src/host.rs",
        "src/key.rs",
        "src/handover/socket.rs",
        "src/notify/awaited.rs",
        "src/notify/event.rs",
        "src/notify/thread.rs",
        "src/once.rs",
        "src/region/bus.rs",
        "src/region/inherited.rs",
        "src/region/map.rs",
        "src/region/memfd.rs",
        "src/region/named.rs",
        "src/region/gap.rs",
        "src/region/page.rs",
        "src/region/registry.rs",
        "src/region/sysv.rs",
        "src/scan.rs",
        "src/semaphore/posix.rs",
        "src/semaphore/sysv.rs",
        "src/table/mod.rs",
        "src/table/slot.rs",
    ];
    for (path, text) in sources("runtime/src", ".rs") {
        let known = allowed.iter().any(|allowed| path.ends_with(allowed));
        assert_eq!(text.contains("unsafe {"), known, "{}: unsafe code, or none any more", path.display());
    }
    for folder in ["runtime/layout/src", "derive/src", "ipcgen/src", "examples/src"] {
        for (path, text) in sources(folder, ".rs") {
            assert!(!text.contains("unsafe {"), "{}", path.display());
        }
    }
}

#[test]
fn files_are_small_and_say_what_they_are() {
    for folder in ["runtime", "derive", "ipcgen", "examples", "tests", "benches/src"] {
        for (path, text) in sources(folder, ".rs") {
            assert!(text.starts_with("//!"), "{} does not begin with what it is", path.display());
            assert!(text.lines().count() <= 400, "{} holds two things", path.display());
        }
    }
    for (folder, endings) in [
        ("runtime", &[".h", ".py", ".go"][..]),
        ("examples", &[".h", ".c", ".cpp"]),
        ("tests", &[".h", ".c", ".py", ".go"]),
    ] {
        for (path, text) in endings.iter().flat_map(|ending| sources(folder, ending)) {
            let begins = ["//", "/*", "\"\"\""].iter().any(|mark| text.starts_with(mark));
            assert!(begins, "{} does not begin with what it is", path.display());
            assert!(text.lines().count() <= 400, "{} holds two things", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later_in_the_sources() {
    let marks =
        [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME"), concat!("dbg", "!(")];
    for folder in ["runtime", "derive", "ipcgen", "examples", "tests", "benches/src"] {
        for (path, text) in sources(folder, ".rs") {
            for mark in marks {
                assert!(!text.contains(mark), "{}: {mark}", path.display());
            }
        }
    }
}

#[test]
fn the_readme_has_the_two_commands_and_the_changelog_this_version() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<_> = block.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo run --release -p examples --bin demo", "cargo test --workspace"]);
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.contains("cargo test --workspace"));
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(changelog.contains(&format!("## {}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let own = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "schemas/README.md", "tests/README.md"];
    for document in own.into_iter().chain([
        "docs/FORMAT.md",
        "docs/IMPORT.md",
        "docs/SCHEMA.md",
        "docs/RELIABILITY.md",
        "docs/BENCHMARKS.md",
    ]) {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let folder = root().join(document).parent().unwrap().to_owned();
        // Code is no link.
        let text: String = text.split("```").step_by(2).collect();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            assert!(target.contains("://") || folder.join(target).exists(), "{document}: {target}");
        }
    }
}

/// The sources that a test of this path may be in: `suite::module::test` of the suites here, or of the runtime's own tests.
fn homes(module: &str) -> [PathBuf; 3] {
    let module = module.replace("::", "/");
    [("tests/suites", ".rs"), ("runtime/tests", ".rs"), ("runtime/tests", "/main.rs")]
        .map(|(folder, ending)| root().join(folder).join(format!("{module}{ending}")))
}

#[test]
fn tests_that_the_documents_name_are_there() {
    let document = fs::read_to_string(root().join("docs/RELIABILITY.md")).unwrap();
    let named: Vec<_> = document.split('`').skip(1).step_by(2).collect();
    let tests: Vec<_> = named
        .iter()
        .filter_map(|words| words.rsplit_once("::").filter(|_| !words.contains([' ', '.'])))
        .collect();
    assert!(tests.len() > 150, "{tests:?}");
    for (module, test) in tests {
        let text: String = homes(module).iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        assert!(text.contains(&format!("#[test]\nfn {test}() {{")), "{module}::{test}");
    }
    // Every fault has a row, and every row a test or the words that it has none.
    let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| ")).collect();
    for number in 1..=80 {
        let start = format!("| {number} |");
        let row =
            rows.iter().find(|row| row.starts_with(&start)).unwrap_or_else(|| panic!("no fault {number}"));
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
        assert!(last.contains("::") || last.contains("no test"), "{row}");
    }
}

#[test]
fn dependencies_are_few() {
    for (package, limit) in [("shmrecord", 12), ("ipcgen", 30)] {
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "-p", package])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let text = String::from_utf8(tree.stdout).unwrap();
        let mut crates: Vec<_> = text.lines().map(|line| line.split(" (").next().unwrap()).collect();
        crates.sort_unstable();
        crates.dedup();
        assert!(crates.len() <= limit, "{package}: {} crates, at most {limit}: {crates:?}", crates.len());
    }
}

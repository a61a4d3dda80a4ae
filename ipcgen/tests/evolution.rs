//! Every change that a schema can go through has its fixture, an old file and a new one, and what `check` says of them is
//! what it was. A fixture is named after the first rule that it breaks, or `ok`.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use ipcgen::rules::Rule;
use support::{entries, expect, ipcgen, path};

/// What is printed, what is said, and the exit code.
fn typed(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let Output { status, stdout, stderr } = ipcgen().args(arguments).current_dir(folder).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn verdicts_are_what_they_were() {
    let mut shown = BTreeSet::new();
    for folder in entries(&path("tests/evolution")) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let old = if folder.join("old.lock").exists() { "old.lock" } else { "old.toml" };
        let (code, printed, said) = typed(&["check", "new.toml", "--against", old], &folder);
        let rule = name.split('_').next().unwrap();
        assert_eq!(code, i32::from(rule != "ok"), "{name}:\n{said}");
        assert!(rule == "ok" || said.contains(&format!("[{rule}]")), "{name}:\n{said}");
        shown.insert(rule.to_owned());
        expect(&folder.join("expected.txt"), &format!("{printed}{said}"));
    }
    let evolution = Rule::ALL.iter().map(|rule| rule.code()).filter(|code| ("E0711".."E0800").contains(code));
    for code in evolution {
        assert!(shown.contains(code), "no fixture breaks {code}");
    }
}

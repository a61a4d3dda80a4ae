//! Every change that a schema can go through has its fixture, an old file and a new one, and what `check` says of them
//! is what it was. A fixture is named after the first rule that it breaks, or `ok`. Random schemas get random edits
//! whose verdict is known, and readers have to agree.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use ipcgen::Schemas;
use ipcgen::evolution::{self, Compared, Lock, Verdict, Version};
use ipcgen::rules::Rule;
use ipcgen::source::Source;
use shmrecord_layout::compat;
use shmrecord_layout::describe::{self, Description};
use support::edit::{EDITS, Expected, edit};
use support::random::Random;
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

/// The version that a schema is, with what its records are described as.
fn version(text: &str) -> Option<(Version, Vec<Description>)> {
    let unit = Schemas::default().compile(Source::new("r.toml", text));
    let described =
        unit.model.as_ref()?.records.iter().map(|record| describe::decode(&record.description).unwrap());
    let described = described.collect();
    Some((Version::new(&unit)?, described))
}

/// Whether readers of each version attach to every table of the other one; one record may have another name.
fn all_attach(old: &[Description], new: &[Description]) -> bool {
    let name = |described: &&Description| described.root().name.clone();
    let lacks = |all: &[Description], one: &&Description| all.iter().all(|other| name(&other) != name(one));
    let renamed = old.iter().find(|old| lacks(new, old)).zip(new.iter().find(|new| lacks(old, new)));
    let pairs = old.iter().flat_map(|old| new.iter().map(move |new| (old, new)));
    let mut pairs = pairs.filter(|(old, new)| name(old) == name(new)).chain(renamed);
    pairs.all(|(old, new)| compat::common_fields(old, new).is_ok() && compat::common_fields(new, old).is_ok())
}

/// A version as its lock tells it.
fn relocked(version: &Version) -> Version {
    let mut lock = Lock::new("r");
    lock.add(version);
    let (lock, _) = Lock::read(Source::new("r.lock", lock.text()), "r");
    lock.unwrap().versions()[0].clone()
}

/// What a verdict says, wherever the earlier version stands.
fn findings(verdict: &Verdict) -> (Vec<&str>, &[String], &[Compared]) {
    let titles = verdict.found.reports().iter().map(|report| report.title.as_str());
    (titles.collect(), &verdict.notes, &verdict.versions)
}

#[test]
fn a_single_edit_has_the_verdict_that_is_known_of_it() {
    let mut random = Random::seeded();
    let mut runs = 0;
    while runs < 200 {
        let text = random.text("r");
        let Some((old, old_described)) = version(&text) else { continue };
        let which = runs % EDITS.len();
        let Some((edited, expected)) = edit(&text, EDITS[which], &mut random) else { continue };
        let Some((new, new_described)) = version(&edited) else { continue };
        runs += 1;
        let locked = relocked(&old);
        let verdict = evolution::check(&new, &[old]);
        let report = verdict.found.render(&Source::new("r.toml", edited.clone()), false);
        let said = format!("{}\n{text}\n{edited}\n{report}\n{:?}", EDITS[which], verdict.notes);
        assert_eq!(findings(&evolution::check(&new, &[locked])), findings(&verdict), "{said}");
        let broken = matches!(expected, Expected::Broken | Expected::BrokenUnseen);
        assert_eq!(verdict.is_compatible(), !broken, "{said}");
        let renamed = verdict.versions[0].renamed;
        assert!(renamed == (expected == Expected::LayoutAlone) || broken, "{said}");
        // What passes, readers attach to; what they refuse has been reported, or noted.
        let attached = all_attach(&old_described, &new_described);
        assert_eq!(attached, matches!(expected, Expected::Compatible | Expected::BrokenUnseen), "{said}");
    }
}

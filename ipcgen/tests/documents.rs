//! Every example of docs/SCHEMA.md: it holds without a warning or, when it begins with a code, breaks that rule and no other;
//! and a command that is shown prints what stands below it.

mod support;

use std::collections::BTreeSet;

use ipcgen::Schemas;
use support::{Scratch, ipcgen, path, run};

#[test]
fn the_examples_of_the_language_hold() {
    let page = std::fs::read_to_string(path("../docs/SCHEMA.md")).unwrap();
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(examples.len() > 12, "{} examples", examples.len());
    let folder = Scratch::new("documents");
    for (at, example) in examples.into_iter().enumerate() {
        // The first line may be a comment: the name of a file, or the code of the mistake that is shown.
        let title = example.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or("");
        let name = if title.ends_with(".toml") { title.to_owned() } else { format!("example{at}.toml") };
        let head = if example.contains("[schema]") { "" } else { "[schema]\nname = \"md\"\n" };
        let file = folder.file(&name, &format!("{head}{example}"));
        let mut schemas = Schemas::default();
        let unit = schemas.load(&file).unwrap();
        let unit = &schemas.units()[unit];
        let expected = Some(title).filter(|title| title.starts_with(['E', 'W']) && title.len() == 5);
        let codes: BTreeSet<&str> = unit.found.reports().iter().map(|report| report.rule.code()).collect();
        let report = unit.found.render(&unit.source, false);
        assert_eq!(codes, expected.into_iter().collect(), "{example}\n{report}");
    }
    for shown in page.split("```text\n$ ipcgen ").skip(1) {
        let (command, printed) = shown.split("```").next().unwrap().split_once('\n').unwrap();
        assert_eq!(run(ipcgen().args(command.split(' ')).current_dir(folder.path(""))), printed, "{command}");
    }
}

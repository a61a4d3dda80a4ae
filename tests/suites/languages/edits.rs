//! Random schemas with a single random edit, whose verdict is known: readers of one version attach to live tables of the other
//! just when it says so. Relies on the edits that the tests of ipcgen make.

#[path = "../../../ipcgen/tests/support/edit.rs"]
mod edit;

use std::fmt::Write as _;
use std::process::Command;

use integration_tests::place::{Backend, Place};
use ipcgen::model::{Model, Record};
use ipcgen::source::Source;

use crate::random::schemas as random;
use crate::tools::{CC, run, suite, write};
use edit::{EDITS, Expected, edit};
use random::Random;

/// How many edits there are.
const RUNS: usize = 200;

/// A schema, the same with an edit, and what is said of that.
struct Edited {
    old: Model,
    new: Model,
    expected: Expected,
    /// For whom it is not as expected.
    about: String,
}

#[test]
fn readers_attach_to_live_tables_as_a_check_of_the_schemas_says() {
    if !CC.is_there() {
        return;
    }
    let edited = edited();
    let all: Vec<&Record> =
        edited.iter().flat_map(|it| it.old.records.iter().chain(&it.new.records)).collect();
    let place = |record: &Record| all.iter().position(|it| std::ptr::eq(*it, record)).expect("one of them");
    let pairs: Vec<Vec<[&Record; 2]>> = edited.iter().map(pairs).collect();
    let indices = pairs.iter().flatten().map(|pair| pair.map(place));
    write("edits.h", &header(&all, indices));
    let program = CC.compile("edits", &suite("c/edits.c"), &[]);
    let segment = Place::new(Backend::Posix);
    let said = run(Command::new(program).arg(segment.address()));
    let mut lines = said.lines();
    for (it, pairs) in edited.iter().zip(&pairs) {
        let mut attach = true;
        for [written, read] in pairs {
            let line = lines.next().expect("a line of each pair");
            let (exactly, at_all) = line.split_once(' ').expect("two answers");
            assert_eq!(exactly == "1", written.schema_id == read.schema_id, "{}", it.about);
            assert!(exactly <= at_all, "{}", it.about);
            attach &= at_all == "1";
        }
        let wanted = matches!(it.expected, Expected::Compatible | Expected::BrokenUnseen);
        assert_eq!(attach, wanted, "{:?}: {}", it.expected, it.about);
    }
    assert_eq!(lines.next(), None);
}

fn edited() -> Vec<Edited> {
    let mut random = Random::seeded();
    let mut all = Vec::new();
    let model = |text: &str| ipcgen::compile(&Source::new("r.toml", text)).0;
    while all.len() < RUNS {
        let text = random.text("r");
        let Some(old) = model(&text) else { continue };
        let which = EDITS[all.len() % EDITS.len()];
        let Some((changed, expected)) = edit(&text, which, &mut random) else { continue };
        let Some(new) = model(&changed) else { continue };
        all.push(Edited { old, new, expected, about: format!("{which}\n{text}\n{changed}") });
    }
    all
}

/// Who writes and who reads: records of one name, both ways; and one that has another name now.
fn pairs(edited: &Edited) -> Vec<[&Record; 2]> {
    let Edited { old, new, .. } = edited;
    let is_in = |model: &Model, name: &str| model.records.iter().any(|record| record.name == name);
    let renamed =
        |old: &Record, new: &Record| !is_in(&edited.new, &old.name) && !is_in(&edited.old, &new.name);
    let both = old.records.iter().flat_map(|old| new.records.iter().map(move |new| (old, new)));
    let both = both.filter(|(old, new)| old.name == new.name || renamed(old, new));
    both.flat_map(|(old, new)| [[old, new], [new, old]]).collect()
}

/// The layouts and pairs as the C program wants them.
fn header(records: &[&Record], pairs: impl Iterator<Item = [usize; 2]>) -> String {
    let words = records.iter().map(|record| record.size.div_ceil(8)).max().expect("there are some");
    let mut text = format!("#define RECORD_WORDS {words}\n");
    let mut all = String::new();
    for (at, record) in records.iter().enumerate() {
        let bytes = format!("{:?}", record.description).replace('[', "{").replace(']', "}");
        let _ = writeln!(text, "static const unsigned char d{at}[] = {bytes};");
        let Record { name, size, align, layout_id, schema_id, .. } = record;
        let (padded, length) = (u8::from(record.has_padding), record.description.len());
        let _ = writeln!(
            all,
            "    {{\"{name}\", {size}, {align}, {padded}, UINT64_C({layout_id}), UINT64_C({schema_id}), d{at}, {length}}},"
        );
    }
    let _ = write!(text, "static const shmrec_layout layouts[] = {{\n{all}}};\n");
    let pairs: String = pairs.map(|[written, read]| format!("    {{{written}, {read}}},\n")).collect();
    let _ = write!(text, "static const unsigned pairs[][2] = {{\n{pairs}}};\n");
    text
}

//! Names that the schema language takes, for those of C and C++. Relies on the language itself: a name that it refuses is
//! tried in another form, until the schema compiles.

use std::collections::{HashMap, HashSet};

use super::fault::Fault;
use super::legacy::Legacy;
use super::write::{self, Slot};
use crate::names;
use crate::source::Source;

/// Each round can refuse as many names as the language reports.
const MAX_ROUNDS: usize = 200;
/// Leaves room for a number behind it.
const MAX_NAME_BYTES: usize = 56;

/// A name in C, and what stands for it.
pub(super) struct Name {
    pub(super) original: String,
    base: String,
    attempt: u32,
    is_schema: bool,
}

/// All names of a schema.
pub(super) struct Names {
    pub(super) schema: Name,
    /// By struct.
    pub(super) records: Vec<Name>,
    /// By struct and field.
    pub(super) fields: Vec<Vec<Name>>,
    pub(super) enums: Vec<Name>,
    /// By enum and value.
    pub(super) values: Vec<Vec<Name>>,
}

/// Writes the schema with names that hold.
pub(super) fn settle(legacy: &Legacy, schema: &str) -> Result<String, Fault> {
    let mut names = Names {
        schema: Name { is_schema: true, ..Name::new(&schema.to_ascii_lowercase()) },
        records: legacy.structs.iter().map(|of| Name::new(&of.name)).collect(),
        fields: named(&legacy.structs, |of| of.fields.iter().map(|field| field.name.as_str()).collect()),
        enums: legacy.enums.iter().map(|of| Name::new(&of.name)).collect(),
        values: named(&legacy.enums, |of| of.values.iter().map(|(name, _)| name.as_str()).collect()),
    };
    let mut last = None;
    for _ in 0..MAX_ROUNDS {
        names.tell_apart();
        let written = write::schema(legacy, &names);
        let source = Source::new("the schema as it would be", written.text);
        let (model, found) = crate::compile(&source);
        if model.is_some() {
            return Ok(source.text().to_owned());
        }
        let refused = found.reports().iter().filter(|report| report.rule.code().starts_with("E02"));
        let mut lines: Vec<usize> = refused.map(|report| source.line(report.span.start)).collect();
        lines.dedup();
        let slots: Vec<Slot> = lines.into_iter().filter_map(|line| written.slots[line]).collect();
        if slots.is_empty() {
            let of = legacy
                .structs
                .last()
                .map_or(String::new(), |root| format!("`{}` ({})", root.name, root.place));
            let fault = Fault::new(format!("the language of schemas cannot say {of}"));
            return Err(fault.notes([found.render(&source, false)]));
        }
        for &slot in &slots {
            names.at(slot).attempt += 1;
        }
        last = Some((slots[0], found.render(&source, false)));
    }
    Err(last.map_or_else(|| Fault::new("no names were tried"), |(slot, reports)| names.fault(slot, reports)))
}

/// The names within each of these.
fn named<T>(all: &[T], names: impl Fn(&T) -> Vec<&str>) -> Vec<Vec<Name>> {
    all.iter().map(|one| names(one).into_iter().map(Name::new).collect()).collect()
}

impl Names {
    /// Numbers the names that are written as the same key, as those of two namespaces can be: TOML has each once, and
    /// would not get as far as a report on names.
    fn tell_apart(&mut self) {
        [&mut self.records, &mut self.enums]
            .into_iter()
            .chain(&mut self.values)
            .for_each(|keys| distinct(keys));
    }

    /// That no form of this name is one that every language takes; `reports` say why the last one was not.
    fn fault(&mut self, slot: Slot, reports: String) -> Fault {
        let name = &self.at(slot).original;
        let fault = Fault::new(format!("no form of the name `{name}` is one that every language takes"))
            .notes([reports]);
        match slot {
            Slot::Schema => {
                fault.help("the schema has the name of the file: choose another one with `-o NAME.toml`")
            }
            _ => fault.help("import it under another name: a typedef, or a copy of the struct"),
        }
    }

    fn at(&mut self, slot: Slot) -> &mut Name {
        match slot {
            Slot::Schema => &mut self.schema,
            Slot::Record(record) => &mut self.records[record],
            Slot::Field(record, field) => &mut self.fields[record][field],
            Slot::Enum(number) => &mut self.enums[number],
            Slot::Value(number, value) => &mut self.values[number][value],
        }
    }
}

/// Gives each of these a form that none in front of it has.
fn distinct(names: &mut [Name]) {
    let mut known = HashSet::new();
    let mut latest: HashMap<String, u32> = HashMap::new();
    for name in names {
        let mut current = name.current();
        if known.contains(&current) {
            // `Q_2`: `Q_` would be `Q` in some languages.
            name.attempt = name.attempt.max(latest.get(&name.base).copied().unwrap_or(1));
            while known.contains(&current) {
                name.attempt += 1;
                current = name.current();
            }
            latest.insert(name.base.clone(), name.attempt);
        }
        known.insert(current);
    }
}

impl Name {
    fn new(original: &str) -> Self {
        let replaced: String =
            original.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let words: Vec<&str> = replaced.split('_').filter(|word| !word.is_empty()).collect();
        let mut base = words.join("_");
        if !base.starts_with(|first: char| first.is_ascii_alphabetic()) {
            base.insert_str(0, if base.is_empty() { "nameless" } else { "n" });
        }
        // What is put behind such a name does not help.
        if names::is_of_runtime(&base) {
            base.insert_str(0, "n_");
        }
        base.truncate(MAX_NAME_BYTES);
        // What is an identifier as it is stays so, with an underscore at its end.
        let kept = original.strip_suffix('_') == Some(&base);
        let base = if kept { original.to_owned() } else { base };
        Self { original: original.to_owned(), base, attempt: 0, is_schema: false }
    }

    /// The name as it is tried now: `type`, `type_`, `type_2`.
    pub(super) fn current(&self) -> String {
        let base = &self.base;
        match (self.attempt, self.is_schema) {
            (0, _) => base.clone(),
            (1, true) => format!("{}_schema", base.trim_end_matches('_')),
            (1, false) => format!("{}_", base.trim_end_matches('_')),
            (number, _) => format!("{}_{number}", base.trim_end_matches('_')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, distinct};

    #[test]
    fn names_stay_as_near_as_they_can() {
        let cases = [
            ("price", "price"),
            ("type_", "type_"),
            ("__pad0", "pad0"),
            ("Pair<int, 5>", "Pair_int_5"),
            ("3d", "n3d"),
            ("", "nameless"),
            ("größe", "gr_e"),
            ("ShmRec_x", "n_ShmRec_x"),
        ];
        for (original, expected) in cases {
            assert_eq!(Name::new(original).current(), expected);
        }
        let forms: Vec<String> =
            (0..4).map(|attempt| Name { attempt, ..Name::new("type") }.current()).collect();
        assert_eq!(forms, ["type", "type_", "type_2", "type_3"]);
    }

    #[test]
    fn equal_names_are_numbered() {
        let mut names: Vec<Name> = ["Q", "_Q", "Q_2", "P", "Q", "Q_"].map(Name::new).into();
        distinct(&mut names);
        let forms: Vec<String> = names.iter().map(Name::current).collect();
        assert_eq!(forms, ["Q", "Q_2", "Q_2_2", "P", "Q_3", "Q_"]);
    }
}

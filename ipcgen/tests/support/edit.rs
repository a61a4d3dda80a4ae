//! Single edits of a random schema's text, each with the verdict that it has to get. Relies on how `random` writes: a field
//! stands on a line of its own, and so do the values of an enum.

use super::random::Random;

/// What a check has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Readers attach both ways.
    Compatible,
    /// Nothing breaks, and readers do not attach.
    LayoutAlone,
    /// Broken, and some reader does not attach.
    Broken,
    /// Broken, as who knows which version is the later one can tell; readers cannot.
    BrokenUnseen,
}

/// What is edited.
pub(crate) const EDITS: [&str; 22] = [
    "nothing",
    "append",
    "append undated",
    "hole",
    "insert",
    "remove",
    "swap",
    "retype",
    "resize",
    "unit",
    "deprecate",
    "limit",
    "rename",
    "rename silently",
    "rename record",
    "remove record",
    "grow",
    "realign",
    "add value",
    "add value to closed",
    "remove value",
    "rename value",
];

/// Where the fields of a record stand in the text.
struct Record {
    name: String,
    /// The line of its header.
    head: usize,
    fields: Vec<usize>,
}

/// The text with an edit and as version 2, and what a check of it has to say; `None` where the schema has no place for it.
pub(crate) fn edit(text: &str, edit: &str, random: &mut Random) -> Option<(String, Expected)> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let records = records(&lines);
    let record = &records[random.below(records.len())];
    let at = record.fields[random.below(record.fields.len())];
    let last = *record.fields.last()?;
    let held_by_field = |name: &str| {
        let held = [format!("\"{name}\""), format!("[{name};")];
        text.lines().any(|line| line.starts_with("  {") && held.iter().any(|held| line.contains(held)))
    };
    // A record inside another one stays what it is.
    let unless_nested = if held_by_field(&record.name) { Expected::Broken } else { Expected::Compatible };
    let expected = match edit {
        "nothing" => Expected::Compatible,
        "append" => {
            lines.insert(last + 1, "  { name = \"added\", type = \"u64\", since = 2 },".to_owned());
            unless_nested
        }
        "append undated" => {
            lines.insert(last + 1, "  { name = \"added\", type = \"u64\" },".to_owned());
            if held_by_field(&record.name) { Expected::Broken } else { Expected::BrokenUnseen }
        }
        "hole" => {
            let model = ipcgen::compile(&ipcgen::source::Source::new("old.toml", text)).0?;
            let of = model.records.iter().find(|other| other.name == record.name)?;
            let pad =
                of.pads().next().filter(|pad| pad.offset < of.fields().last().map_or(0, |f| f.offset))?;
            let behind = of.fields().position(|field| field.offset > pad.offset)?;
            let line =
                format!("  {{ name = \"added\", type = \"u8\", offset = {}, since = 2 }},", pad.offset);
            lines.insert(record.fields[behind], line);
            unless_nested
        }
        "insert" => {
            lines.insert(record.fields[0], "  { name = \"added\", type = \"u64\" },".to_owned());
            Expected::Broken
        }
        "remove" => {
            // One that cannot be zero, perhaps inside, readers would miss.
            let zeroless = ["Closed", "\"R", "[R"].iter().any(|ty| lines[at].contains(ty));
            if record.fields.len() == 1 || at == last && zeroless {
                return None;
            }
            lines.remove(at);
            let seen = at != last || held_by_field(&record.name);
            if seen { Expected::Broken } else { Expected::BrokenUnseen }
        }
        "swap" => {
            let next = record.fields.iter().find(|&&field| field > at)?;
            lines.swap(at, *next);
            Expected::Broken
        }
        "retype" => {
            let (from, to) = [("u32", "i32"), ("f64", "u64"), ("i64", "f64"), ("i8", "u8"), ("bool", "u8")]
                .into_iter()
                .find(|(from, _)| {
                    lines[at].contains(&format!("\"{from}\"")) || lines[at].contains(&format!("[{from};"))
                })?;
            lines[at] = lines[at].replace(from, to);
            Expected::Broken
        }
        "resize" => {
            lines[at] = lines[at].contains("; 2]").then(|| lines[at].replacen("; 2]", "; 4]", 1))?;
            Expected::Broken
        }
        "unit" => {
            lines[at] = with(&lines[at], "unit = \"USD\"");
            Expected::Broken
        }
        "deprecate" => {
            lines[at] = with(&lines[at], "deprecated = 2");
            Expected::Compatible
        }
        "limit" => {
            let integers = ["\"u16\"", "\"i32\"", "\"u64\"", "[u8;", "[i16;"];
            lines[at] =
                integers.iter().any(|ty| lines[at].contains(ty)).then(|| with(&lines[at], "max = 9"))?;
            Expected::Compatible
        }
        "rename" | "rename silently" => {
            let name = lines[at].split('"').nth(1)?.to_owned();
            lines[at] = lines[at].replacen(&format!("\"{name}\""), "\"renamed\"", 1);
            if edit == "rename" {
                lines[at] = with(&lines[at], &format!("aliases = [\"{name}\"]"));
            }
            if edit == "rename" { Expected::LayoutAlone } else { Expected::Broken }
        }
        "rename record" => {
            let name = record.name.clone();
            for line in &mut lines {
                let held = line.replace(&format!("[{name};"), "[Renamed;");
                *line = held.replace(&format!("\"{name}\""), "\"Renamed\"");
            }
            lines[record.head] = format!("[record.Renamed]\naliases = [\"{name}\"]");
            Expected::LayoutAlone
        }
        "remove record" => {
            if held_by_field(&record.name)
                || records.len() == 1
                || text.contains(&format!("record = \"{}\"", record.name))
            {
                return None;
            }
            lines.drain(record.head..=last + 1);
            Expected::BrokenUnseen
        }
        "grow" => {
            let size =
                lines[record.head..record.fields[0]].iter().position(|line| line.starts_with("size = "))?;
            lines[record.head + size] = "size = 8192".to_owned();
            unless_nested
        }
        "realign" => {
            let align =
                lines[record.head..record.fields[0]].iter().position(|line| line.starts_with("align = "))?;
            lines[record.head + align] = "align = 1024".to_owned();
            if held_by_field(&record.name) { Expected::Broken } else { Expected::BrokenUnseen }
        }
        "add value" => {
            let values = lines.iter().position(|line| line.starts_with("values = { None"))?;
            lines[values] = lines[values].replace(" }", ", New = 9 }");
            Expected::Compatible
        }
        "add value to closed" => {
            let values = lines.iter().position(|line| line.starts_with("values = { Least"))?;
            lines[values] = lines[values].replace(" }", ", New = 9 }");
            if held_by_field("Closed") { Expected::Broken } else { Expected::Compatible }
        }
        "remove value" => {
            let bits = lines.iter().position(|line| line.starts_with("bits = "))?;
            lines[bits] = lines[bits].replace(", C = 7", "");
            if held_by_field("Flags") { Expected::BrokenUnseen } else { Expected::Compatible }
        }
        "rename value" => {
            let values = lines.iter().position(|line| line.starts_with("values = { None"))?;
            lines[values] = lines[values].replace("One = 1", "First = { value = 1, aliases = [\"One\"] }");
            if held_by_field("Open") { Expected::LayoutAlone } else { Expected::Compatible }
        }
        other => unreachable!("{other}"),
    };
    let text = lines.join("\n") + "\n";
    Some((text.replacen("\n[const]", "\nversion = 2\n[const]", 1), expected))
}

/// A field's line with one more entry.
fn with(line: &str, entry: &str) -> String {
    line.replace(" },", &format!(", {entry} }},"))
}

fn records(lines: &[String]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = line.strip_prefix("[record.") {
            let name = name.trim_end_matches(']').to_owned();
            records.push(Record { name, head: at, fields: Vec::new() });
        } else if line.starts_with("  {")
            && let Some(record) = records.last_mut()
        {
            record.fields.push(at);
        }
    }
    records
}

//! The keys that many tables share: documentation, units, names in other languages, former names. Relies on `table`;
//! does not know what they are said of.

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Renamed;
use crate::names::Target;
use crate::rules::Rule;
use crate::source::Spanned;
use crate::table::Table;
use crate::text::Text;

/// Units enter the ids with a length of their own; 255 bytes is what every front end allows.
const MAX_UNIT_BYTES: usize = 255;

/// `rename = { c = "...", rust = "..." }`: the name in some languages.
#[derive(Debug, Default)]
pub(crate) struct Rename {
    names: [Option<Spanned<String>>; Target::ALL.len()],
}

impl Rename {
    /// The name that was chosen for a language.
    pub(crate) fn get(&self, target: Target) -> Option<&Spanned<String>> {
        self.names[target as usize].as_ref()
    }

    /// The name in a language: the one that was chosen, or what its rules make of the schema's.
    pub(crate) fn or(&self, target: Target, rule: impl FnOnce() -> String) -> String {
        self.get(target).map_or_else(rule, |name| name.value.clone())
    }

    /// For the model.
    pub(crate) fn settled(&self) -> Renamed {
        let chosen = |target| self.get(target).map(|name| name.value.clone());
        Renamed { go: chosen(Target::Go), python: chosen(Target::Python) }
    }
}

/// The names in other languages; whether they can be used there is not asked.
pub(crate) fn rename(table: &mut Table<'_>, found: &mut Diagnostics) -> Rename {
    let mut rename = Rename::default();
    if let Some(mut names) = table.table("rename", found) {
        for target in Target::ALL {
            rename.names[target as usize] = names.string(target.key(), found).map(spanned);
        }
        names.finish(found);
    }
    rename
}

/// Former names, by which other versions of the schema know the same thing.
pub(crate) fn aliases(table: &mut Table<'_>, found: &mut Diagnostics) -> Vec<Spanned<String>> {
    table.strings("aliases", found).into_iter().map(spanned).collect()
}

/// Names without their places.
pub(crate) fn values(names: &[Spanned<String>]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

/// The documentation, with `\n` for line ends, and no space at the end of lines or around all.
pub(crate) fn doc(table: &mut Table<'_>, found: &mut Diagnostics) -> String {
    let Some(text) = table.string("doc", found) else { return String::new() };
    check_characters(&text, |character| matches!(character, '\n' | '\r' | '\t'), found);
    let text = text.value.replace("\r\n", "\n").replace('\r', "\n");
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// What the values of a field are counted in.
pub(crate) fn unit(table: &mut Table<'_>, found: &mut Diagnostics) -> Option<String> {
    let text = table.string("unit", found)?;
    if text.value.is_empty() || text.value.len() > MAX_UNIT_BYTES {
        let title = format!("a unit of {} bytes", text.value.len());
        found.push(Diagnostic::new(Rule::BadText, text.span, title).label("1 to 255 bytes"));
        return None;
    }
    check_characters(&text, |_| false, found);
    Some(text.value)
}

/// Whether a character could make source code look like what it is not.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Reports the first character that generated source code must not carry.
pub(crate) fn check_characters(text: &Text, allowed: impl Fn(char) -> bool, found: &mut Diagnostics) {
    let hit = text.value.char_indices().find(|&(_, c)| is_harmful(c) && !allowed(c));
    if let Some((at, character)) = hit {
        let title = format!("the text holds the character U+{:04X}", u32::from(character));
        let place = text.place(at, at + character.len_utf8());
        found.push(Diagnostic::new(Rule::BadText, place, title).label("not printable in source code"));
    }
}

pub(crate) fn spanned(text: Text) -> Spanned<String> {
    Spanned { value: text.value, span: text.span }
}

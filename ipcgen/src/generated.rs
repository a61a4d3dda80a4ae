//! The names that generated code gives, and whose they are, so that no two are the same. Relies on `names` and `suffixes`;
//! does not ask whether a name is usable by itself.

use std::collections::HashMap;

use shmrecord_layout::Form;

use crate::diag::{Diagnostic, Diagnostics};
use crate::foreign::Foreign;
use crate::model::{self, Element, Model, Origin};
use crate::names::{self, Target};
use crate::record::Field;
use crate::rules::Rule;
use crate::suffixes;
use crate::usable::Name;

/// Names that must differ from one another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    C,
    RustTypes,
    RustConstants,
    Go,
    Python,
}

impl Space {
    fn language(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::RustTypes | Self::RustConstants => "Rust",
            Self::Go => "Go",
            Self::Python => "Python",
        }
    }
}

/// Who a generated name belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'s> {
    pub(crate) name: Name<'s>,
    /// Whether it is the thing's very name, not that of something made for it.
    own: bool,
}

/// The names that generated code gives, so far.
pub(crate) struct Generated<'s> {
    prefix: &'s str,
    names: [HashMap<String, Owner<'s>>; 5],
}

impl<'s> Generated<'s> {
    /// Nothing yet, of a schema of this name.
    pub(crate) fn new(prefix: &'s str) -> Self {
        Self { prefix, names: Default::default() }
    }

    /// Who has this name in C.
    pub(crate) fn owner(&self, name: &str) -> Option<&Owner<'s>> {
        self.names[Space::C as usize].get(name)
    }

    /// Takes the names that the header of an imported schema gives; `name` is where it is imported.
    pub(crate) fn imported(&mut self, model: &Model, name: Name<'s>, found: &mut Diagnostics) {
        let constants = model.constants.iter().map(|constant| constant.c_name.clone());
        let values = model.own_enums().flat_map(|named| &named.values).map(|value| value.c_name.clone());
        let enums = model.own_enums().flat_map(|named| {
            suffixes::of_enum(named.form).iter().map(|suffix| format!("{}{suffix}", named.c_name))
        });
        let records = model.own_records().flat_map(|record| {
            let ty = suffixes::RECORD.iter().map(|suffix| format!("{}{suffix}", record.c_name));
            ty.chain(suffixes::RECORD_MACRO.iter().map(|suffix| format!("{}{suffix}", record.c_macro)))
        });
        let fields = model.own_records().flat_map(|record| {
            let stem = |field: &model::Field| format!("{}_{}", record.c_name, field.c_name);
            record.fields().flat_map(move |field| {
                let text = field.ty.element == Element::Char;
                let stem = stem(field);
                suffixes::of_field(text, field.null.is_some(), field.exp != 0)
                    .map(move |suffix| stem.clone() + suffix)
            })
        });
        let segments = model
            .segments
            .iter()
            .flat_map(|segment| suffixes::SEGMENT.iter().map(|suffix| format!("{}{suffix}", segment.c_name)));
        for generated in constants.chain(enums).chain(values).chain(records).chain(fields).chain(segments) {
            if !self.add(Space::C, generated, name, false, found) {
                return;
            }
        }
    }

    /// Takes the names that imported types, and those behind them, get in Go and Python, whose files declare them again;
    /// `bringing` gives the import that brings what a schema declares.
    pub(crate) fn declared_again(
        &mut self,
        foreign: &Foreign,
        bringing: impl Fn(&str) -> Option<Name<'s>>,
        found: &mut Diagnostics,
    ) {
        // Of names that mean two things in the schema itself that has been said.
        if found.reports().iter().any(|report| report.rule == Rule::NameImported) {
            return;
        }
        let enums =
            foreign.enums.iter().map(|named| (&named.origin, &named.name, &named.renamed, Some(named)));
        let records =
            foreign.records.iter().map(|record| (&record.origin, &record.name, &record.renamed, None));
        for (origin, own, renamed, named) in enums.chain(records) {
            let Origin::Imported(schema) = origin else { continue };
            let Some(name) = bringing(schema) else { continue };
            let ty = |chosen: &Option<String>| chosen.clone().unwrap_or_else(|| names::rust_record(own));
            let go = ty(&renamed.go);
            let mut names = vec![(Space::Go, go.clone()), (Space::Python, ty(&renamed.python))];
            match named {
                Some(named) => names.extend(named.values.iter().map(|value| {
                    let rule = || format!("{go}{}", names::camel_field(&value.name));
                    (Space::Go, value.renamed.go.clone().unwrap_or_else(rule))
                })),
                None => names.extend(ids(&go, own)),
            }
            let _ = names.into_iter().all(|(space, word)| self.add(space, word, name, false, found));
        }
    }

    /// Takes the names of a constant, or reports who has one of them.
    pub(crate) fn constant(&mut self, name: Name<'s>, found: &mut Diagnostics) {
        let word = &name.of.value;
        let c = name.in_c(|| names::c_macro(self.prefix, word));
        let shouted = || names::rust_constant(word);
        let _ = self.add(Space::C, c, name, true, found)
            && self.add(Space::RustConstants, name.rename.or(Target::Rust, shouted), name, true, found)
            && self.add(Space::Python, name.rename.or(Target::Python, shouted), name, true, found)
            && self.add(
                Space::Go,
                name.rename.or(Target::Go, || names::camel_field(word)),
                name,
                true,
                found,
            );
    }

    /// Takes the names of an enum or flags, or reports who has one of them.
    pub(crate) fn enumeration(&mut self, name: Name<'s>, form: Form, found: &mut Diagnostics) {
        let _ = self.ty(name, suffixes::of_enum(form), found);
    }

    /// Takes the names of an enumerator or a flag of this type, or reports who has one of them.
    pub(crate) fn enumerator(&mut self, ty: Name<'s>, name: Name<'s>, found: &mut Diagnostics) {
        let c_type = ty.in_c(|| names::c_record(self.prefix, &ty.of.value));
        let c = name.in_c(|| names::c_enumerator(&c_type, &name.of.value));
        let go_type = ty.rename.or(Target::Go, || names::rust_record(&ty.of.value));
        let go = name.rename.or(Target::Go, || go_type + &names::camel_field(&name.of.value));
        let _ = self.add(Space::C, c, name, true, found) && self.add(Space::Go, go, name, true, found);
    }

    /// Takes the names of a record, or reports who has one of them.
    pub(crate) fn record(&mut self, name: Name<'s>, found: &mut Diagnostics) {
        if !self.ty(name, &suffixes::RECORD, found) {
            return;
        }
        let shouted = name.in_c(|| names::c_record(self.prefix, &name.of.value)).to_ascii_uppercase();
        for suffix in suffixes::RECORD_MACRO {
            if !self.add(Space::C, format!("{shouted}{suffix}"), name, false, found) {
                return;
            }
        }
        let go = name.rename.or(Target::Go, || names::rust_record(&name.of.value));
        let _ = ids(&go, &name.of.value).all(|(space, id)| self.add(space, id, name, false, found));
    }

    /// Takes the names of what is made for a field of this record, or reports who has one of them.
    pub(crate) fn field(&mut self, ty: Name<'s>, name: Name<'s>, field: &Field, found: &mut Diagnostics) {
        let (text, has_null, is_scaled) = field.uses();
        for suffix in suffixes::of_field(text, has_null, is_scaled) {
            let ty = ty.in_c(|| names::c_record(self.prefix, &ty.of.value));
            let field = name.in_c(|| name.of.value.clone());
            if !self.add(Space::C, format!("{ty}_{field}{suffix}"), name, false, found) {
                return;
            }
        }
    }

    /// Takes the names of a segment, or reports who has one of them.
    pub(crate) fn segment(&mut self, name: Name<'s>, found: &mut Diagnostics) {
        let word = &name.of.value;
        let rust = names::rust_constant(word);
        if !self.add(Space::RustConstants, rust, name, true, found) {
            return;
        }
        let stem = names::c_record(self.prefix, word);
        for suffix in suffixes::SEGMENT {
            if !self.add(Space::C, format!("{stem}{suffix}"), name, suffix.is_empty(), found) {
                return;
            }
        }
    }

    /// Takes the names of a type, or reports who has one of them.
    fn ty(&mut self, name: Name<'s>, suffixes: &[&str], found: &mut Diagnostics) -> bool {
        let word = &name.of.value;
        for (space, target) in
            [(Space::RustTypes, Target::Rust), (Space::Go, Target::Go), (Space::Python, Target::Python)]
        {
            let written = name.rename.or(target, || names::rust_record(word));
            if !self.add(space, written, name, true, found) {
                return false;
            }
        }
        let c = name.in_c(|| names::c_record(self.prefix, word));
        suffixes
            .iter()
            .all(|suffix| self.add(Space::C, format!("{c}{suffix}"), name, suffix.is_empty(), found))
    }

    /// Takes a name of generated code, or reports who has it.
    fn add(
        &mut self,
        space: Space,
        generated: String,
        name: Name<'s>,
        own: bool,
        found: &mut Diagnostics,
    ) -> bool {
        let (word, what) = (&name.of.value, name.what);
        let taken = match space {
            Space::C if own && name.rename.get(Target::C).is_some() => {
                names::taken_plain(Target::C, &generated)
            }
            Space::C if own => names::taken_in(Target::C, &generated),
            Space::Python if names::is_used_in_python(&generated) => Some("what the module in Python uses"),
            _ => None,
        };
        if let Some(by) = taken {
            let title = format!("the {what} `{word}` is `{generated}` in {}", space.language());
            found.push(Diagnostic::new(Rule::GeneratedName, name.of.span, title).label(by));
            return false;
        }
        let Some(first) = self.names[space as usize].get(&generated).copied() else {
            self.names[space as usize].insert(generated, Owner { name, own });
            return true;
        };
        let (other, language) = (&first.name.of.value, space.language());
        let (rule, title) = if own && first.own && what == first.name.what {
            let all = if what == "flags" { what.to_owned() } else { format!("{what}s") };
            let title = format!("the {all} `{other}` and `{word}` are both `{generated}` in {language}");
            (Rule::SameAfterConversion, title)
        } else if space == Space::C || first.name.what == "schema" {
            let title =
                format!("{language} code would get the name `{generated}` for `{other}` and for `{word}`");
            (Rule::GeneratedName, title)
        } else {
            let both = format!("the {} `{other}` and the {what} `{word}`", first.name.what);
            (Rule::SameAfterConversion, format!("{both} are both `{generated}` in {language}"))
        };
        let report = Diagnostic::new(rule, name.of.span, title).label("choose another name");
        found.push(report.also(first.name.of.span, format!("the other {}", first.name.what)));
        false
    }
}

/// The names of the ids of a record in Go, where it is called so, and in Python.
fn ids(go: &str, record: &str) -> impl Iterator<Item = (Space, String)> {
    let python = names::rust_constant(record);
    let in_go = suffixes::GO_IDS.map(|suffix| (Space::Go, format!("{go}{suffix}")));
    let in_python = suffixes::RECORD_MACRO.map(|suffix| (Space::Python, format!("{python}{suffix}")));
    in_go.into_iter().chain(in_python)
}

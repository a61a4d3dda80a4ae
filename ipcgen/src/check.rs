//! The rules for names: every name that a schema gives must be usable, and be itself only, in every language. Relies on
//! `schema`, `usable`, `names` and `generated`; does not look at types.

use std::collections::HashMap;

use shmrecord_layout::{Form, Kind};

use crate::diag::{Diagnostic, Diagnostics};
use crate::enumeration::Enum;
use crate::foreign::Foreign;
use crate::generated::Generated;
use crate::names::{self, Target};
use crate::record::Record;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::{Span, Spanned};
use crate::suffixes;
use crate::usable::Name;
use crate::words::Rename;

/// Reports every name that cannot be used.
pub(crate) fn names(schema: &Schema, foreign: &Foreign, found: &mut Diagnostics) {
    let prefix = schema.name.as_ref().map_or("", |name| name.value.as_str());
    if let Some(name) = &schema.name {
        schema_name(name, found);
    }
    let none = Rename::default();
    let files = foreign.imports.iter();
    let files: Vec<_> = files.map(|i| Spanned { value: i.value.file.clone(), span: i.span }).collect();
    let mut generated = Generated::new(prefix);
    for (import, of) in foreign.imports.iter().zip(&files) {
        generated.imported(&import.value, Name { of, rename: &none, what: "schema" }, found);
    }
    let bringing =
        |schema: &str| Some(Name { of: &files[foreign.bringing(schema)?], rename: &none, what: "schema" });
    generated.declared_again(foreign, bringing, found);
    for constant in &schema.constants {
        let name = Name { of: &constant.name, rename: &constant.rename, what: "constant" };
        if name.is_usable(names::rust_constant, found) {
            generated.constant(name, found);
        }
    }
    for given in &schema.enums {
        let name = Name { of: &given.name, rename: &given.rename, what: given.what() };
        if !is_primitive(name, found) && name.is_usable(names::rust_record, found) {
            generated.enumeration(name, given.form, found);
        }
        enumerators(given, name, &mut generated, found);
    }
    for record in &schema.records {
        let name = Name { of: &record.name, rename: &record.rename, what: "record" };
        if !is_primitive(name, found) && name.is_usable(names::rust_record, found) {
            generated.record(name, found);
        }
    }
    for segment in &schema.segments {
        let name = Name { of: &segment.name, rename: &none, what: "segment" };
        if name.is_usable(names::rust_constant, found) {
            generated.segment(name, found);
        }
    }
    for record in &schema.records {
        fields(record, &mut generated, found);
        aliases(record.fields.iter().filter_map(|f| Some((f.name.as_ref()?, &*f.aliases))), found);
    }
    let enums = schema.enums.iter().map(|given| (&given.name, &*given.aliases));
    let records = schema.records.iter().map(|record| (&record.name, &*record.aliases));
    aliases(enums.chain(records), found);
}

fn schema_name(name: &Spanned<String>, found: &mut Diagnostics) {
    let word = name.value.as_str();
    let none = Rename::default();
    if !(Name { of: name, rename: &none, what: "schema" }).is_usable(str::to_owned, found) {
        return;
    }
    let proper = word.trim_end_matches('_').to_ascii_lowercase();
    let report =
        Diagnostic::new(Rule::BadName, name.span, format!("`{word}` cannot be the name of a schema"));
    if word != proper {
        let label = "in lower case, without an underscore at the end: it is a prefix in C, a module in Rust";
        found.push(report.label(label).help(format!("call it `{proper}`")));
    } else if names::is_c_header(word) {
        let label = format!("the C library has a header `{word}.h`");
        found.push(report.label(label).help(format!("call it `{word}_schema`")));
    } else if names::is_python_module(word) {
        let label = format!("Python has a module `{word}` already, which that of the schema would hide");
        found.push(report.label(label).help(format!("call it `{word}_schema`")));
    } else if names::is_go_folder(word) {
        let label = format!("Go imports no package from a folder `{word}`");
        found.push(report.label(label).help(format!("call it `{word}_schema`")));
    }
}

/// Whether a type would hide a primitive one; reports it.
fn is_primitive(name: Name<'_>, found: &mut Diagnostics) -> bool {
    let word = &name.of.value;
    let primitive = Kind::ALL.iter().any(|kind| kind.size().is_some() && kind.name() == word);
    if primitive {
        let title = format!("{} cannot be called `{word}`", name.any());
        let report = Diagnostic::new(Rule::PrimitiveName, name.of.span, title);
        found.push(report.label("this is a primitive type"));
    }
    primitive
}

fn enumerators<'s>(given: &'s Enum, ty: Name<'s>, generated: &mut Generated<'s>, found: &mut Diagnostics) {
    let what = if given.what() == "flags" { "flag" } else { "enumerator" };
    let mut seen: HashMap<(&str, String), Span> = HashMap::new();
    for value in &given.values {
        let name = Name { of: &value.name, rename: &value.rename, what };
        let own = &name.of.value;
        // An alias is a constant beside the values of a closed enum.
        let form = if value.is_alias { Form::Open } else { given.form };
        let rust = value.rename.or(Target::Rust, || names::rust_enumerator(own, form));
        let python = value.rename.or(Target::Python, || names::rust_constant(own));
        let written = [(Target::Rust, rust), (Target::Python, python)];
        // C and Go write the type's name in front, where no keyword is.
        if !name.is_identifier(found)
            || !name.is_free(&written, found)
            || !name.is_no_member(given.form, found)
        {
            continue;
        }
        let [rust, python] = written.map(|(target, word)| (target.language(), word));
        // What differs in CamelCase differs in upper case as well; names that were chosen differ by themselves.
        let names = [("Go and in Rust", names::camel_field(own)), rust, python];
        if let Some((key, &first)) = names.iter().find_map(|name| seen.get_key_value(name)) {
            let (language, word) = key;
            let title = format!("two {what}s of `{}` are both `{word}` in {language}", given.name.value);
            let report = Diagnostic::new(Rule::SameAfterConversion, name.of.span, title);
            found.push(report.label("choose another name").also(first, "the first one"));
            continue;
        }
        seen.extend(names.map(|written| (written, name.of.span)));
        generated.enumerator(ty, name, found);
    }
    aliases(given.values.iter().map(|value| (&value.name, &*value.aliases)), found);
}

fn fields<'s>(record: &'s Record, generated: &mut Generated<'s>, found: &mut Diagnostics) {
    let ty = Name { of: &record.name, rename: &record.rename, what: "record" };
    let mut exact: HashMap<&str, Span> = HashMap::new();
    let mut written: HashMap<(usize, String), &Spanned<String>> = HashMap::new();
    let mut methods: HashMap<String, &Spanned<String>> = HashMap::new();
    // A language that writes all fields as the schema does has nothing to tell beyond that they differ.
    let is_own =
        |target| target == Target::Go || record.fields.iter().any(|field| field.rename.get(target).is_some());
    let own: Vec<Target> = Target::ALL.into_iter().filter(|&target| is_own(target)).collect();
    for field in &record.fields {
        let Some(of) = &field.name else { continue };
        if let Some(&first) = exact.get(of.value.as_str()) {
            let title = format!("two fields of `{}` are called `{}`", record.name.value, of.value);
            let report = Diagnostic::new(Rule::DuplicateField, of.span, title);
            found.push(report.label("the second one").also(first, "the first one"));
            continue;
        }
        exact.insert(&of.value, of.span);
        let name = Name { of, rename: &field.rename, what: "field" };
        if !name.is_usable(str::to_owned, found) {
            continue;
        }
        if let Some(owner) = generated.owner(&name.in_c(|| of.value.clone())) {
            let title =
                format!("the field `{}` has a name that C code gets for `{}`", of.value, owner.name.of.value);
            found.push(
                Diagnostic::new(Rule::GeneratedName, of.span, title)
                    .also(owner.name.of.span, format!("this {} gives the name", owner.name.what)),
            );
        }
        for &target in &own {
            let word = field.rename.or(target, || match target {
                Target::Go => names::camel_field(&of.value),
                Target::C | Target::Rust | Target::Python => of.value.clone(),
            });
            if target == Target::Go && word == names::GO_METHOD {
                let title =
                    format!("the field `{}` is `{word}` in Go, and so is a method of every record", of.value);
                let report = Diagnostic::new(Rule::GeneratedName, of.span, title);
                found.push(report.label("choose another name"));
            }
            let Some(first) = written.get(&(target as usize, word.clone())) else {
                written.insert((target as usize, word), of);
                continue;
            };
            let title = if field.rename.get(target).is_none() && target == Target::Go {
                format!("the fields `{}` and `{}` differ only in case or underscores", first.value, of.value)
            } else {
                let (one, two, language) = (&first.value, &of.value, target.language());
                format!("the fields `{one}` and `{two}` are both `{word}` in {language}")
            };
            let report = Diagnostic::new(Rule::SameAfterConversion, of.span, title);
            found.push(report.label("choose another name").also(first.span, "the other field"));
        }
        generated.field(ty, name, field, found);
        let (text, has_null, is_scaled) = field.uses();
        let stem = field.rename.or(Target::Rust, || of.value.clone());
        for suffix in suffixes::of_rust_field(text, has_null, is_scaled) {
            let method = format!("{stem}{suffix}");
            if let Some(first) = methods.get(&method) {
                let (one, two) = (&first.value, &of.value);
                let title = format!("Rust code would get the method `{method}` for `{one}` and for `{two}`");
                let report = Diagnostic::new(Rule::GeneratedName, of.span, title);
                found.push(report.label("choose another name").also(first.span, "the other field"));
                break;
            }
            methods.insert(method, of);
        }
    }
    go_methods(record, &written, found);
}

/// Reports fields that are called in Go like a method that another one gets.
fn go_methods(
    record: &Record,
    written: &HashMap<(usize, String), &Spanned<String>>,
    found: &mut Diagnostics,
) {
    for field in &record.fields {
        let Some(of) = &field.name else { continue };
        let (text, has_null, is_scaled) = field.uses();
        let name = field.rename.or(Target::Go, || names::camel_field(&of.value));
        for suffix in suffixes::of_go_field(text, has_null, is_scaled, field.time.is_some()) {
            let method = format!("{name}{suffix}");
            if let Some(other) = written.get(&(Target::Go as usize, method.clone())) {
                let title = format!(
                    "the field `{}` is `{method}` in Go, and so is a method of `{}`",
                    other.value, of.value
                );
                let report = Diagnostic::new(Rule::GeneratedName, other.span, title);
                found.push(report.label("choose another name").also(of.span, "this field gives the name"));
            }
        }
    }
}

/// Reports former names that are those of something else beside it.
fn aliases<'s>(
    siblings: impl Iterator<Item = (&'s Spanned<String>, &'s [Spanned<String>])> + Clone,
    found: &mut Diagnostics,
) {
    if siblings.clone().all(|(_, aliases)| aliases.is_empty()) {
        return;
    }
    let mut taken: HashMap<&str, Span> = HashMap::new();
    for (name, _) in siblings.clone() {
        taken.entry(&name.value).or_insert(name.span);
    }
    for alias in siblings.flat_map(|(_, aliases)| aliases) {
        if let Some(&first) = taken.get(alias.value.as_str()) {
            let title = format!("the alias `{}` is a name already", alias.value);
            let report = Diagnostic::new(Rule::AliasTaken, alias.span, title);
            found.push(report.label("taken").also(first, "here"));
        } else {
            taken.insert(&alias.value, alias.span);
        }
    }
}

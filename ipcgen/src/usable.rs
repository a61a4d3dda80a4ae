//! Whether a name is an identifier that no language has taken. Relies on `names` for the words; does not compare names with
//! one another.

use shmrecord_layout::Form;

use crate::diag::{Diagnostic, Diagnostics};
use crate::names::{self, Target};
use crate::rules::Rule;
use crate::source::Spanned;
use crate::words::Rename;

/// A name that a schema gives.
#[derive(Clone, Copy)]
pub(crate) struct Name<'s> {
    pub(crate) of: &'s Spanned<String>,
    pub(crate) rename: &'s Rename,
    /// What it is the name of: `record`.
    pub(crate) what: &'static str,
}

impl Name<'_> {
    /// `a record`, `an enum`.
    pub(crate) fn any(&self) -> String {
        match self.what {
            "flags" => "flags".to_owned(),
            what if what.starts_with('e') => format!("an {what}"),
            what => format!("a {what}"),
        }
    }

    /// The name in C: the one that was chosen, or what the rules make of it.
    pub(crate) fn in_c(&self, rule: impl FnOnce() -> String) -> String {
        self.rename.or(Target::C, rule)
    }

    /// Whether it is an identifier that no language has taken, as it is and as Rust and Python write it. Reports why not.
    pub(crate) fn is_usable(&self, converted: fn(&str) -> String, found: &mut Diagnostics) -> bool {
        let word = &self.of.value;
        let plain = Target::ALL.map(|target| (target, self.rename.or(target, || word.clone())));
        let written =
            [Target::Rust, Target::Python].map(|target| (target, self.rename.or(target, || converted(word))));
        self.is_identifier(found) && self.is_free(&[&plain[..], &written].concat(), found)
    }

    /// Whether it, and what it is called in single languages, are identifiers. Reports why not.
    pub(crate) fn is_identifier(&self, found: &mut Diagnostics) -> bool {
        let chosen = Target::ALL.into_iter().filter_map(|target| self.rename.get(target));
        let unfit = std::iter::once(self.of).chain(chosen).filter_map(|name| self.unfit(name));
        let hidden = self.rename.get(Target::Go).and_then(|name| self.hidden(name));
        let reports: Vec<_> = unfit.chain(hidden).collect();
        let sound = reports.is_empty();
        reports.into_iter().for_each(|report| found.push(report));
        sound
    }

    fn unfit(&self, name: &Spanned<String>) -> Option<Diagnostic> {
        let (word, what) = (name.value.as_str(), self.what);
        if is_padding(word) {
            let title = format!("`{word}` is a name of padding");
            let report = Diagnostic::new(Rule::PaddingName, name.span, title);
            return Some(report.label(format!("not usable for a {what}")));
        }
        if word.len() > names::MAX_NAME_BYTES {
            let title = format!("a name of {} characters", word.chars().count());
            let report = Diagnostic::new(Rule::BadName, name.span, title);
            return Some(report.label(format!("at most {} characters", names::MAX_NAME_BYTES)));
        }
        if is_identifier(word) {
            return None;
        }
        let lower = |name: String| if what == "schema" { name.to_ascii_lowercase() } else { name };
        let proposal = names::sanitized(word).map(|name| format!("call it `{}`", lower(name)));
        let title = format!("`{word}` cannot be the name of {}", self.any());
        let report = Diagnostic::new(Rule::BadName, name.span, title)
            .label("a letter, then letters, digits, single underscores");
        Some(proposal.into_iter().fold(report, Diagnostic::help))
    }

    /// The report on a name in Go that no other package would see.
    fn hidden(&self, name: &Spanned<String>) -> Option<Diagnostic> {
        let word = name.value.as_str();
        if !is_identifier(word) || word.starts_with(|first: char| first.is_ascii_uppercase()) {
            return None;
        }
        let (own, what, first) = (&self.of.value, self.what, word[..1].to_ascii_uppercase());
        let title = format!("the {what} `{own}` cannot be called `{word}` in Go");
        let report = Diagnostic::new(Rule::BadName, name.span, title);
        let report = report.label("other packages see only what begins with a capital letter");
        Some(report.help(format!("call it `{first}{}`", &word[1..])))
    }

    /// Whether the type that it is a value of has nothing of its own called so. Reports what it has.
    pub(crate) fn is_no_member(&self, form: Form, found: &mut Diagnostics) -> bool {
        // What the rules make of a name is in upper case or CamelCase, as no member is.
        let report = Target::ALL.into_iter().find_map(|target| {
            let chosen = self.rename.get(target)?;
            let by = names::member_of_enum(target, form, &chosen.value)?;
            let (own, what, language) = (&self.of.value, self.what, target.language());
            let title = format!("the {what} `{own}` cannot be called `{}` in {language}", chosen.value);
            Some(Diagnostic::new(Rule::Keyword, chosen.span, title).label(by))
        });
        let sound = report.is_none();
        report.into_iter().for_each(|report| found.push(report));
        sound
    }

    /// Whether no language has taken what it is called there. Reports the first one that has.
    pub(crate) fn is_free(&self, written: &[(Target, String)], found: &mut Diagnostics) -> bool {
        let by = |target: Target, word: &str| {
            // What is no field has a prefix in C, unless it is renamed.
            let is_plain = self.what == "field" || self.rename.get(target).is_some();
            if is_plain { names::taken_plain(target, word) } else { names::taken_in(target, word) }
        };
        let taken = written.iter().find_map(|(target, word)| Some((*target, word, by(*target, word)?)));
        let Some((target, word, by)) = taken else { return true };
        let (own, what) = (&self.of.value, self.what);
        if let Some(chosen) = self.rename.get(target) {
            let title = format!("the {what} `{own}` cannot be called `{word}`");
            found.push(Diagnostic::new(Rule::Keyword, chosen.span, title).label(by));
            return false;
        }
        let title = if word == own {
            format!("the {what} `{own}` cannot be called so")
        } else {
            format!("the {what} `{own}` is `{word}` in {} and cannot be called so", target.language())
        };
        let ty = names::rust_record(own);
        let proposals = match what {
            "record" => vec![format!("{ty}Record")],
            "schema" => vec![format!("{own}_schema")],
            "enum" => vec![format!("{own}_"), format!("{ty}Enum")],
            "flags" => vec![format!("{own}_"), format!("{ty}Flags")],
            _ => vec![format!("{own}_")],
        };
        let report = Diagnostic::new(Rule::Keyword, self.of.span, title).label(by);
        let is_free =
            |word: &String| names::taken(word).is_none() && names::taken(&names::rust_record(word)).is_none();
        let proposal = proposals.iter().find(|word| is_free(word));
        let report =
            proposal.into_iter().fold(report, |report, word| report.help(format!("call it `{word}`")));
        let rename = format!("or rename it there: `rename = {{ {} = \"...\" }}`", target.key());
        found.push(if matches!(what, "schema" | "segment") { report } else { report.help(rename) });
        false
    }
}

fn is_padding(word: &str) -> bool {
    let number = word.strip_prefix("_pad");
    word == "_reserved" || number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !word.contains("__")
}

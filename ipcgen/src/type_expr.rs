//! Type expressions: `f64`, `Level`, `[char; 10]`, `[[u16; COLUMNS]; 2]`. Relies on `text` for the places; does not know
//! which names there are.

use shmrecord_layout::MAX_RANK;

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::source::{Span, Spanned};
use crate::text::Text;

/// A type as it was written.
#[derive(Clone, Debug)]
pub(crate) struct TypeExpr {
    /// Name of the element's type.
    pub(crate) element: Spanned<String>,
    /// Lengths of the arrays, outermost first.
    pub(crate) lengths: Vec<Spanned<Length>>,
    /// The whole expression, quotes included.
    pub(crate) span: Span,
}

/// The length of an array as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Length {
    /// A number; `None` when not even `u64` holds it.
    Number(Option<u64>),
    /// The name of a constant.
    Constant(String),
}

/// Parses a type expression, or reports the first place where it is none.
pub(crate) fn parse(text: &Text, found: &mut Diagnostics) -> Option<TypeExpr> {
    let mut parser = Parser { text, at: 0 };
    match parser.expression() {
        Ok(expression) => Some(expression),
        Err(report) => {
            found.push(*report);
            None
        }
    }
}

struct Parser<'t> {
    text: &'t Text,
    at: usize,
}

type Parsed<T> = Result<T, Box<Diagnostic>>;

impl Parser<'_> {
    fn expression(&mut self) -> Parsed<TypeExpr> {
        let mut rank = 0;
        while self.eat('[') {
            rank += 1;
        }
        let mut element = self.word("a type")?;
        if rank == 0 && self.rest().trim().is_empty() {
            element.span = self.text.span;
        }
        // One `; N]` for each bracket, from the inside out.
        let mut lengths = Vec::new();
        for _ in 0..rank {
            self.expect(';')?;
            lengths.push(self.length()?);
            self.expect(']')?;
        }
        if !self.rest().trim().is_empty() {
            self.skip_space();
            return Err(self.unexpected("the end of the type"));
        }
        lengths.reverse();
        if rank > MAX_RANK {
            let title = format!("an array of {rank} dimensions");
            let report = Diagnostic::new(Rule::TooManyDimensions, self.text.span, title);
            return Err(Box::new(report.label(format!("at most {MAX_RANK} dimensions"))));
        }
        Ok(TypeExpr { element, lengths, span: self.text.span })
    }

    fn length(&mut self) -> Parsed<Spanned<Length>> {
        let word = self.word("a length")?;
        let value = if word.value.starts_with(|first: char| first.is_ascii_digit()) {
            let digits = word.value.replace('_', "");
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let report = Diagnostic::new(Rule::BadType, word.span, "not a length");
                return Err(Box::new(report.label("a decimal number or the name of a constant")));
            }
            Length::Number(digits.parse().ok())
        } else {
            Length::Constant(word.value)
        };
        Ok(Spanned { value, span: word.span })
    }

    /// A run of letters, digits and underscores.
    fn word(&mut self, what: &str) -> Parsed<Spanned<String>> {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            return Err(self.unexpected(what));
        }
        let value = rest[..end].to_owned();
        let span = self.text.place(self.at, self.at + end);
        self.at += end;
        Ok(Spanned { value, span })
    }

    fn expect(&mut self, character: char) -> Parsed<()> {
        if self.eat(character) { Ok(()) } else { Err(self.unexpected(&format!("`{character}`"))) }
    }

    fn eat(&mut self, character: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &str {
        &self.text.value[self.at..]
    }

    fn unexpected(&self, expected: &str) -> Box<Diagnostic> {
        let (found, length) = match self.rest().chars().next() {
            Some(character) => (format!("found `{}`", character.escape_debug()), character.len_utf8()),
            None => ("the type ends here".to_owned(), 0),
        };
        let span = self.text.place(self.at, self.at + length);
        Box::new(
            Diagnostic::new(Rule::BadType, span, format!("expected {expected}, {found}"))
                .label(format!("expected {expected}"))
                .help("a type is a name or an array `[T; N]`: `f64`, `[char; 10]`, `[[u16; 4]; 2]`"),
        )
    }
}

//! TOML strings whose characters still know where they stand in the file, escapes or not. Relies on `source`.

use crate::source::Span;

/// A string value with its place, quotes included.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
    places: Places,
}

/// Where the bytes of a string's value stand.
#[derive(Clone, Debug)]
enum Places {
    /// One after the other, from here.
    Straight(usize),
    /// One by one, the end last: the string has escapes.
    Escaped(Vec<usize>),
}

impl Text {
    /// The string at `span` of `source`, whose value the TOML parser made.
    pub(crate) fn new(source: &str, span: Span, value: &str) -> Self {
        let raw = &source[span.start..span.end];
        let quotes =
            ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
        let content = &raw[quotes.len()..];
        let from = span.start + quotes.len();
        // Most strings stand in the file as they are, which is seen without a search.
        let found = if content.starts_with(value) { Some(0) } else { content.find(value) };
        let places = match found {
            // A string without escapes stands in the file as it is; in front of it at most a line end.
            Some(skipped) => Places::Straight(from + skipped),
            None => Places::Escaped(unescape(content, from, value)),
        };
        Self { value: value.to_owned(), span, places }
    }

    /// Where the bytes `start..end` of the value stand.
    pub(crate) fn place(&self, start: usize, end: usize) -> Span {
        match &self.places {
            Places::Straight(from) => Span { start: from + start, end: from + end },
            Places::Escaped(places) => Span { start: places[start], end: places[end] },
        }
    }
}

/// The place of each byte of `value`, and of its end, in the content that was parsed into it and starts at `from`.
fn unescape(content: &str, from: usize, value: &str) -> Vec<usize> {
    let mut places = Vec::with_capacity(value.len() + 1);
    let mut rest = content;
    for character in value.chars() {
        // Line ends, and the space behind a `\` at the end of a line, stand for nothing.
        while !rest.is_empty() && !rest.starts_with(character) && !is_escape(rest) {
            rest = &rest[first_length(rest)..];
        }
        places.extend(std::iter::repeat_n(from + content.len() - rest.len(), character.len_utf8()));
        rest = &rest[first_length(rest)..];
    }
    places.push(from + content.len() - rest.len());
    places
}

fn is_escape(rest: &str) -> bool {
    rest.strip_prefix('\\').is_some_and(|behind| !behind.starts_with(char::is_whitespace))
}

/// Bytes of the escape or character that comes first.
fn first_length(rest: &str) -> usize {
    let mut characters = rest.chars();
    let count = match (characters.next(), characters.next()) {
        (Some('\\'), Some('x')) => 4,
        (Some('\\'), Some('u')) => 6,
        (Some('\\'), Some('U')) => 10,
        (Some('\\'), Some(_)) => 2,
        _ => 1,
    };
    rest.chars().take(count).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use toml::de::{DeTable, DeValue};

    use super::Text;

    fn text(source: &str) -> Text {
        let (table, errors) = DeTable::parse_recoverable(source);
        assert!(errors.is_empty(), "{errors:?}");
        let value = table.get_ref().get("a").unwrap();
        match value.get_ref() {
            DeValue::String(string) => Text::new(source, value.span().into(), string),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_character_is_found_again() {
        let sources = [
            r#"a = "[f46; 3]""#,
            r#"a = '[f46; 3]'"#,
            r#"a = """[f46; 3]""""#,
            "a = '''\n[f46; 3]'''",
            r#"a = "\u005bf46; 3]""#,
            r#"a = "\U0000005b\u0066\x346; 3]""#,
            "a = \"\"\"\\\n   [f46;\\\n  \\u0020 3]\"\"\"",
            "a = \"\"\"\r\n[f46; 3]\"\"\"",
        ];
        for source in sources {
            let text = text(source);
            assert_eq!(text.value.replace("  ", " "), "[f46; 3]", "{source}");
            let name = text.place(1, 4);
            let found = &source[name.start..name.end];
            assert!(found.ends_with('6') && (found == "f46" || found.contains('\\')), "{source}: {found}");
        }
        let text = text(r#"a = "\"é\tx""#);
        assert_eq!(text.value, "\"é\tx");
        let place = text.place(4, 5);
        assert_eq!((place.start, place.end), (11, 12));
    }
}

//! A schema file's text, and where in it something stands. Relies on `std` only; does not know what the text means.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// Larger files are refused: no schema comes near, and a device or a pipe has no end.
const MAX_BYTES: u64 = 16 << 20;

/// A range of bytes in a source's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// The text of one schema file.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    invalid: Option<usize>,
}

impl Source {
    /// A source with this name for messages, often a path. A byte order mark is left out.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, line_starts, invalid: None }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What the system says, and files of more than 16 MiB. Bytes that are not UTF-8 are no error here: they are
    /// reported with those of the schema.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "larger than 16 MiB, which no schema is",
            ));
        }
        let name = path.display().to_string();
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let invalid = Some(text.trim_start_matches('\u{feff}').len());
                Ok(Self { invalid, ..Self::new(name, text) })
            }
        }
    }

    /// The name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last component of the name: what generated files say they come from.
    #[must_use]
    pub fn file_name(&self) -> &str {
        Path::new(&self.name).file_name().and_then(|name| name.to_str()).unwrap_or(&self.name)
    }

    /// The text; up to the first byte that is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the text ends because the file's next byte is not UTF-8.
    pub(crate) fn invalid(&self) -> Option<usize> {
        self.invalid
    }

    /// The line, counted from 0, that holds this byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= at).saturating_sub(1)
    }

    /// The bytes of the lines from the one of `first` to the one of `last`, without the last line's end.
    pub(crate) fn lines(&self, first: usize, last: usize) -> Range<usize> {
        let start = self.line_starts[self.line(first)];
        let next = self.line_starts.get(self.line(last) + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..next].trim_end_matches(['\r', '\n']).len()
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn lines_are_found_with_and_without_a_byte_order_mark() {
        for text in ["one\ntwo\n", "\u{feff}one\ntwo\n"] {
            let source = Source::new("dir/x.toml", text);
            assert_eq!(source.file_name(), "x.toml");
            assert_eq!((source.line(0), source.line(3), source.line(4), source.line(8)), (0, 0, 1, 2));
            assert_eq!(&source.text()[source.lines(5, 5)], "two");
            assert_eq!(source.lines(8, 8), 8..8);
        }
        assert_eq!(Source::new("empty", "").lines(0, 0), 0..0);
    }
}

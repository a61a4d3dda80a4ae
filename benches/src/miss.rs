//! What a trial comes to: figures, or why they are missing; and how that gets from one process to another. Knows nothing of what was
//! measured.

use std::fmt;

/// What came of a trial: its figures in the order that it documents.
pub(crate) type Outcome<T = Vec<f64>> = Result<T, Miss>;

#[derive(Clone, Debug)]
pub(crate) enum Miss {
    /// The contestant, or this machine, does not offer that: said in the tables.
    Limit(String),
    /// Something broke: said in the tables, and an error of a smoke run.
    Failed(String),
}

impl Miss {
    pub(crate) fn limit<T>(words: impl Into<String>) -> Outcome<T> {
        Err(Self::Limit(words.into()))
    }
}

/// Every error is a failure: a `Miss` is none itself, so that `?` tells the two apart.
impl<E: std::error::Error> From<E> for Miss {
    fn from(error: E) -> Self {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        Self::Failed(words)
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(words) => write!(f, "not offered: {words}"),
            Self::Failed(words) => write!(f, "failed: {words}"),
        }
    }
}

/// One byte that says which, then the figures or the words.
pub(crate) fn encoded(outcome: &Outcome) -> Vec<u8> {
    let (tag, rest) = match outcome {
        Ok(figures) => (b'F', figures.iter().flat_map(|figure| figure.to_le_bytes()).collect()),
        Err(Miss::Limit(words)) => (b'L', words.clone().into_bytes()),
        Err(Miss::Failed(words)) => (b'E', words.clone().into_bytes()),
    };
    [vec![tag], rest].concat()
}

/// What was said that way.
pub(crate) fn decoded(said: &[u8]) -> Outcome {
    let words = |rest: &[u8]| String::from_utf8_lossy(rest).into_owned();
    match said.split_first() {
        Some((b'F', rest)) => {
            Ok(rest.as_chunks().0.iter().map(|figure| f64::from_le_bytes(*figure)).collect())
        }
        Some((b'L', rest)) => Err(Miss::Limit(words(rest))),
        Some((_, rest)) => Err(Miss::Failed(words(rest))),
        None => Err(Miss::Failed("it died without a word".to_owned())),
    }
}

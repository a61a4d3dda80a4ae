//! Why a figure is missing. Knows nothing of what was measured.

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

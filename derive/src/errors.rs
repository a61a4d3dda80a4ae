//! The problems of one struct, gathered so that all are reported at once, each at its own place. Relies on syn's error;
//! knows no rule.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// The problems found so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<Error>);

impl Errors {
    /// Adds a problem of these tokens: what is wrong, and what to write instead.
    pub(crate) fn at(&mut self, place: impl ToTokens, message: impl Display) {
        self.0.push(Error::new_spanned(place, message));
    }

    /// Adds what a parser found.
    pub(crate) fn add(&mut self, error: Error) {
        self.0.push(error);
    }

    /// One `compile_error!` for each problem.
    pub(crate) fn into_compile_errors(self) -> Vec<TokenStream> {
        self.0.into_iter().map(Error::into_compile_error).collect()
    }
}

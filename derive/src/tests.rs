//! Unit tests of the whole macro, outside of the compiler. Relies on `tests/expand`: `NAME.rs` is a struct or an enum,
//! `NAME.expanded.rs` what its macro makes of it, formatted. `SHMRECORD_BLESS=1 cargo test -p shmrecord-derive` writes
//! the latter anew.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use crate::enums::{self, Form};
use crate::{derive, types};

fn assert_expands_as_committed(name: &str) {
    assert_becomes_as_committed(name, derive);
}

fn assert_becomes_as_committed(name: &str, macro_: impl Fn(TokenStream) -> TokenStream) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let input = fs::read_to_string(folder.join(name).with_extension("rs")).unwrap();
    let output = macro_(input.parse().unwrap());
    let output = prettyplease::unparse(&syn::parse2(output).unwrap());
    let committed = folder.join(name).with_extension("expanded.rs");
    if env::var_os("SHMRECORD_BLESS").is_some() {
        fs::write(committed, output).unwrap();
    } else {
        let committed = fs::read_to_string(committed).unwrap();
        let difference = output.lines().zip(committed.lines()).find(|(is, was)| is != was);
        assert_eq!(difference, None, "{name}: SHMRECORD_BLESS=1 accepts the output");
        assert_eq!(output.len(), committed.len(), "{name}: lines at the end differ");
    }
}

#[test]
fn padding_expands_as_committed() {
    assert_expands_as_committed("padding");
}

#[test]
fn nested_records_and_arrays_expand_as_committed() {
    assert_expands_as_committed("nested");
}

#[test]
fn text_and_units_expand_as_committed() {
    assert_expands_as_committed("text");
}

#[test]
fn what_is_said_of_numbers_expands_as_committed() {
    assert_expands_as_committed("numbers");
}

#[test]
fn enums_and_flags_expand_as_committed() {
    assert_becomes_as_committed("closed", enums::closed);
    assert_becomes_as_committed("open", |item| enums::newtype(quote!(), item, Form::Open));
    assert_becomes_as_committed("flags", |item| enums::newtype(quote!(), item, Form::Flags));
}

#[test]
fn what_is_no_item_is_an_error_and_no_panic() {
    for input in [
        quote!(),
        quote!(
            fn quote() {}
        ),
        quote!(struct),
        quote!(struct Quote { price }),
        quote!(42),
    ] {
        for output in [
            derive(input.clone()),
            enums::closed(input.clone()),
            enums::newtype(quote!(), input.clone(), Form::Flags),
        ] {
            let output = output.to_string();
            assert!(output.contains("compile_error"), "{output}");
        }
    }
}

#[test]
fn the_number_of_dimensions_is_that_of_the_layout_crate() {
    assert_eq!(types::MAX_RANK, shmrecord::__private::layout::MAX_RANK);
}

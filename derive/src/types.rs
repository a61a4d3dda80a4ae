//! Field types whose tokens show that they cannot be in shared memory. Relies on `errors`; resolves no names: a type
//! behind an alias, or one of the user's own, is judged by the compiler through `ShmField`.

use syn::{Expr, ExprLit, Ident, Lit, Type, TypeArray, TypePath};

use crate::errors::Errors;

/// The layout crate's `MAX_RANK`, here for an error with a place; a test compares the two.
pub(crate) const MAX_RANK: usize = 4;

const TEXT: &str = "it points to memory of this process; for text write `#[shm(text)] name: [u8; N]`";
const LIST: &str = "it points to memory of this process; write an array `[T; N]` with a count beside it";
const POINTER: &str = "it points to memory of this process; write the value itself";

/// Names of std's and of the language, and why they are refused.
const REFUSED: &[(&[&str], &str)] = &[
    (&["usize"], "its size differs between machines; write `u64`"),
    (&["isize"], "its size differs between machines; write `i64`"),
    (&["u128", "i128"], "C has no such type; write two fields of 64 bits"),
    (
        &["char"],
        "most numbers are no `char`; write `u32` for one character, `#[shm(text)] name: [u8; N]` for text",
    ),
    (
        &["Option"],
        "its layout is not fixed; give one value the meaning \"none\", or write a `bool` beside it",
    ),
    (&["String", "str", "CString", "CStr", "OsString", "OsStr", "PathBuf", "Path"], TEXT),
    (&["Vec", "VecDeque", "HashMap", "HashSet", "BTreeMap", "BTreeSet"], LIST),
    (&["Box", "Rc", "Arc", "Cow", "NonNull"], POINTER),
    (&["Reserved"], "it is padding; write `#[shm(padding)]` above it"),
];

/// Adds what is wrong with the type of a field, if its tokens show it.
pub(crate) fn check(ty: &Type, errors: &mut Errors) {
    let mut element = bare(ty);
    let mut rank = 0;
    while let Type::Array(array) = element {
        rank += 1;
        if has_length_zero(array) {
            errors.at(
                &array.len,
                "an array in a record needs at least one element: remove the field, or give a length",
            );
        }
        element = bare(&array.elem);
    }
    if rank > MAX_RANK {
        let message = format_args!(
            "an array in a record has at most {MAX_RANK} dimensions, this one {rank}: put the inner ones into a record"
        );
        errors.at(ty, message);
    }
    if let Some((what, why)) = refused(element) {
        errors.at(element, format_args!("{what} cannot be placed in shared memory: {why}"));
    }
}

/// Whether this can be `[u8; N]`: false when its tokens plainly show another type.
pub(crate) fn may_be_text(ty: &Type) -> bool {
    match bare(ty) {
        Type::Array(array) => match bare(&array.elem) {
            Type::Path(path) => path.path.is_ident("u8") || !is_scalar(path),
            other => !matches!(other, Type::Array(_)),
        },
        Type::Path(path) => !is_scalar(path),
        _ => true,
    }
}

/// Whether this can be `Reserved<N>`: false when its tokens plainly show another type.
pub(crate) fn may_be_padding(ty: &Type) -> bool {
    matches!(bare(ty), Type::Path(path) if !is_scalar(path))
}

/// What it is, and why it is refused together with the way out.
fn refused(element: &Type) -> Option<(String, &'static str)> {
    let (what, why) = match element {
        Type::Path(path) => {
            let name = std_name(path)?.to_string();
            let (_, why) = REFUSED.iter().find(|(names, _)| names.contains(&name.as_str()))?;
            return Some((format!("`{name}`"), why));
        }
        Type::Reference(reference) => match bare(&reference.elem) {
            Type::Path(path) if path.path.is_ident("str") => ("`&str`", TEXT),
            Type::Slice(_) => ("a slice", LIST),
            _ => ("a reference", POINTER),
        },
        Type::Slice(_) => {
            ("a slice", "its length is not fixed; write an array `[T; N]` with a count beside it")
        }
        Type::Ptr(_) => {
            ("a raw pointer", "it is an address of this process; write an index or an offset as `u64`")
        }
        Type::BareFn(_) => (
            "a function pointer",
            "it is an address of this process; write a number that stands for the function",
        ),
        Type::TraitObject(_) => ("a trait object", POINTER),
        Type::Tuple(tuple) if tuple.elems.is_empty() => ("`()`", "it has no bytes; remove the field"),
        Type::Tuple(_) => ("a tuple", "its layout is not fixed; write a struct that derives `ShmRecord`"),
        _ => return None,
    };
    Some((what.to_owned(), why))
}

/// The last name of a path that is one word or leads into the standard library.
fn std_name(path: &TypePath) -> Option<&Ident> {
    let segments = &path.path.segments;
    let first = &segments.first()?.ident;
    let in_std = ["std", "core", "alloc"].iter().any(|name| first == name);
    let may_be_std = path.qself.is_none() && (segments.len() == 1 || in_std);
    segments.last().filter(|_| may_be_std).map(|last| &last.ident)
}

/// Whether this names a scalar of the language.
fn is_scalar(path: &TypePath) -> bool {
    ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool"]
        .iter()
        .any(|name| path.path.is_ident(name))
}

fn has_length_zero(array: &TypeArray) -> bool {
    matches!(&array.len, Expr::Lit(ExprLit { lit: Lit::Int(length), .. }) if length.base10_digits() == "0")
}

/// The type without parentheses and without the invisible groups that macros leave.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        ty => ty,
    }
}

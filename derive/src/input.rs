//! What the derive needs to know of a struct, read from its tokens. Relies on `attr`; judges nothing: what a record may
//! not be is `check`'s, and a reading that failed leaves the default in place.

use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Ident, LitInt, LitStr, Path, Type};

use crate::attr::{self, Repr};
use crate::errors::Errors;
use crate::facts::Facts;

/// A struct that wants to be a record.
pub(crate) struct Record<'a> {
    /// The struct.
    pub(crate) ident: &'a Ident,
    /// Name of the record, with the span it comes from.
    pub(crate) name: LitStr,
    /// The version of its schema, which `since` and `deprecated` of its fields refer to.
    pub(crate) version: Option<LitInt>,
    /// Path of the library.
    pub(crate) library: Path,
    /// Documentation.
    pub(crate) doc: String,
    /// What `#[repr(...)]` says.
    pub(crate) repr: Repr,
    /// The named fields in declaration order; none when the input is no struct with named fields.
    pub(crate) fields: Vec<Field<'a>>,
}

/// One of its fields.
pub(crate) struct Field<'a> {
    /// The field.
    pub(crate) ident: &'a Ident,
    /// Its name in schemas, with its span; without one of its own that of the struct's field, without `r#`.
    pub(crate) name: LitStr,
    /// Its type as written.
    pub(crate) ty: &'a Type,
    /// Whether its bytes are text.
    pub(crate) text: bool,
    /// Unit of its values.
    pub(crate) unit: Option<LitStr>,
    /// What is said of its numbers.
    pub(crate) facts: Facts,
    /// Whether it is padding and in no layout.
    pub(crate) padding: bool,
    /// Documentation.
    pub(crate) doc: String,
}

impl<'a> Record<'a> {
    /// Reads the struct; mistakes in attributes go to `errors`.
    pub(crate) fn read(node: &'a DeriveInput, errors: &mut Errors) -> Self {
        let on_struct = attr::on_struct(&node.attrs, errors);
        let fields = match &node.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => fields.named.iter().filter_map(|f| Field::read(f, errors)).collect(),
                Fields::Unnamed(_) | Fields::Unit => Vec::new(),
            },
            Data::Enum(_) | Data::Union(_) => Vec::new(),
        };
        Record {
            ident: &node.ident,
            name: on_struct.name.unwrap_or_else(|| name_of(&node.ident)),
            version: on_struct.version,
            library: on_struct.library.unwrap_or_else(|| syn::parse_quote!(::shmrecord)),
            doc: attr::doc(&node.attrs),
            repr: attr::repr(&node.attrs, errors),
            fields,
        }
    }
}

impl<'a> Field<'a> {
    fn read(field: &'a syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let on_field = attr::on_field(&field.attrs, errors);
        Some(Field {
            ident,
            name: on_field.name.unwrap_or_else(|| name_of(ident)),
            ty: &field.ty,
            text: on_field.text,
            unit: on_field.unit,
            facts: on_field.facts,
            padding: on_field.padding,
            doc: attr::doc(&field.attrs),
        })
    }
}

/// The name in schemas of what has none of its own.
pub(crate) fn name_of(ident: &Ident) -> LitStr {
    LitStr::new(&ident.unraw().to_string(), ident.span())
}

//! What is to be known of an enum, read from its tokens. Relies on `attr`; judges nothing: what it may not be is
//! `check`'s.

use std::fmt;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Ident, ItemEnum, LitStr, Path};

use crate::attr;
use crate::errors::Errors;
use crate::input::name_of;

/// What other integers than the named ones mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// They are no values.
    Closed,
    /// They are values.
    Open,
    /// Each value is a bit.
    Flags,
}

impl fmt::Display for Form {
    /// The macro's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Closed => "ShmEnum",
            Form::Open => "open_enum",
            Form::Flags => "flags",
        })
    }
}

/// An enum that is to name integers.
pub(crate) struct Enum {
    pub(crate) ident: Ident,
    pub(crate) form: Form,
    /// Its name in schemas.
    pub(crate) name: LitStr,
    /// Path of the library.
    pub(crate) library: Path,
    pub(crate) doc: String,
    /// The integer of `#[repr(...)]`.
    pub(crate) repr: Option<Ident>,
    pub(crate) values: Vec<Value>,
}

/// One of its values.
pub(crate) struct Value {
    pub(crate) ident: Ident,
    /// Its name in schemas.
    pub(crate) name: LitStr,
    /// What is behind `=`.
    pub(crate) number: Option<Expr>,
    pub(crate) doc: String,
}

impl Enum {
    /// Reads the enum; mistakes in attributes go to `errors`.
    pub(crate) fn read(item: &ItemEnum, form: Form, errors: &mut Errors) -> Self {
        let on_enum = attr::on_enum(&item.attrs, errors);
        let repr = attr::repr(&item.attrs, errors).others.into_iter().next();
        let values = item.variants.iter().map(|variant| Value {
            ident: variant.ident.clone(),
            name: attr::on_value(&variant.attrs, errors).unwrap_or_else(|| name_of(&variant.ident)),
            number: variant.discriminant.as_ref().map(|(_, number)| number.clone()),
            doc: attr::doc(&variant.attrs),
        });
        Enum {
            ident: item.ident.clone(),
            form,
            values: values.collect(),
            name: on_enum.name.unwrap_or_else(|| name_of(&item.ident)),
            library: on_enum.library.unwrap_or_else(|| syn::parse_quote!(::shmrecord)),
            doc: attr::doc(&item.attrs),
            repr: repr.and_then(|path| path.get_ident().cloned()),
        }
    }

    /// The layout, `__LAYOUT`, and the implementation of `ShmEnum`; `number` makes the number of a value as an i128.
    pub(crate) fn layout(&self, number: impl Fn(&Value) -> TokenStream) -> TokenStream {
        let Enum { ident, form, name, library, doc, repr, .. } = self;
        let kind = quote!(<::core::primitive::#repr as #library::ShmField>::TYPE.kind);
        let form = Ident::new(
            match form {
                Form::Closed => "Closed",
                Form::Open => "Open",
                Form::Flags => "Flags",
            },
            proc_macro2::Span::call_site(),
        );
        let values = self.values.iter().map(|value| {
            let (number, Value { name, doc, .. }) = (number(value), value);
            quote!(#library::__private::value(#kind, #name, #number, #doc))
        });
        quote! {
            const __LAYOUT: &#library::EnumLayout<'static> = &#library::EnumLayout::new(
                #name,
                #library::Form::#form,
                #kind,
                const { &[#(#values),*] },
                #doc,
            );

            #[automatically_derived]
            impl #library::ShmEnum for #ident
            where
                // `ShmField` has said it if this does not hold; the lifetime keeps the compiler from saying it again.
                for<'__shm> Self: ::core::marker::Copy,
            {
                const LAYOUT: &'static #library::EnumLayout<'static> = __LAYOUT;
            }
        }
    }
}

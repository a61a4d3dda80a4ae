//! Enums and flags, passed through the same rooms as a record: `input` reads the enum, `check` refuses what cannot be one,
//! `closed` and `newtype` write the implementations. Relies on `attr` and `errors`, and on `expand` for what stands beside
//! errors; knows no numbers: values are constant expressions, which the compiler evaluates.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ItemEnum;

use crate::errors::Errors;
use crate::expand;
use input::Enum;

pub(crate) use input::Form;

mod check;
mod closed;
mod input;
mod newtype;

/// The implementations for a closed enum, which stays where it is.
pub(crate) fn closed(item: TokenStream) -> TokenStream {
    match read(item, Form::Closed) {
        Ok((item, read)) => closed::implementations(&read, &item),
        Err(errors) => errors,
    }
}

/// The newtype that takes the place of an enum, with its values as constants.
pub(crate) fn newtype(arguments: TokenStream, item: TokenStream, form: Form) -> TokenStream {
    let mut errors = TokenStream::new();
    if !arguments.is_empty() {
        let message = format!("`{form}` takes no arguments: write `#[shm(...)]` below it");
        errors = syn::Error::new_spanned(&arguments, message).into_compile_error();
    }
    match read(item, form) {
        Ok((item, read)) => {
            let written = newtype::definition(&read, &item);
            quote!(#errors #written)
        }
        Err(more) => quote!(#errors #more),
    }
}

/// What is read, or the errors together with what stands in the enum's place.
fn read(item: TokenStream, form: Form) -> Result<(ItemEnum, Enum), TokenStream> {
    let item: ItemEnum = syn::parse2(item).map_err(|error| {
        let message = format!("`{form}` is for an enum: write `enum NAME {{ VALUE = 1, ... }}`");
        syn::Error::new(error.span(), message).into_compile_error()
    })?;
    let mut errors = Errors::default();
    let read = Enum::read(&item, form, &mut errors);
    check::item(&item, &read, &mut errors);
    let errors = errors.into_compile_errors();
    if errors.is_empty() {
        return Ok((item, read));
    }
    // Whoever uses it is told of the mistake in it, and not that it is gone or no field.
    let (ident, library) = (&read.ident, &read.library);
    let ty = quote!(<::core::primitive::u8 as #library::ShmField>::TYPE);
    let field = expand::stub_field(library, ident, &item.generics, &ty, &errors);
    let kept = match form {
        Form::Closed => TokenStream::new(),
        Form::Open | Form::Flags => {
            let mut kept = item.clone();
            kept.attrs.clear();
            for variant in &mut kept.variants {
                variant.attrs.clear();
                variant.discriminant = None;
            }
            let derives = quote!(#[derive(::core::clone::Clone, ::core::marker::Copy)]);
            let repr = read.repr.iter().map(|repr| quote!(#[repr(#repr)]));
            [derives, quote!(#(#repr)*), kept.into_token_stream()].into_iter().collect()
        }
    };
    Err(quote! {
        #kept

        const _: () = {
            #field
        };
    })
}

//! The implementations for a closed enum. Relies on `input` and on what `wire` derives, and leaves the proof that bytes are
//! a value to zerocopy: it derives it for a twin that has the same numbers.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ItemEnum;

use super::input::{Enum, Value};
use crate::expand::at;
use crate::wire;

/// The implementations for this enum.
pub(super) fn implementations(read: &Enum, item: &ItemEnum) -> TokenStream {
    let Enum { library, repr, .. } = read;
    let mut ident = read.ident.clone();
    ident.set_span(at(&item.ident));
    let twin = format_ident!("__{}Wire", ident, span = Span::call_site());
    let derives = wire::derives(library);
    let number = |value: &Value| {
        let value = &value.ident;
        quote!(#ident::#value as ::core::primitive::#repr)
    };
    let layout = read.layout(|value| {
        let number = number(value);
        quote!((#number) as ::core::primitive::i128)
    });
    let members = read.values.iter().map(|value| {
        let (name, number) = (&value.ident, number(value));
        quote!(#name = #number)
    });
    let names = read.values.iter().map(|value| &value.ident);
    let to_wire = names.clone().map(|name| quote!(Self::#name => #twin::#name));
    let from_wire = names.map(|name| quote!(#twin::#name => Self::#name));
    quote! {
        #[allow(deprecated, reason = "a deprecated value stays a value")]
        const _: () = {
            #derives
            #[repr(#repr)]
            pub enum #twin {
                #(#members),*
            }

            #layout

            // SAFETY: both enums have the same `repr`, and so size and alignment of that integer and no padding; not all bits
            // are said to be values.
            #[automatically_derived]
            unsafe impl #library::ShmField for #ident {
                const TYPE: #library::FieldType<'static> =
                    #library::__private::named(__LAYOUT);
                const ANY_BITS: ::core::primitive::bool = false;
                const PADDED: ::core::primitive::bool = false;
                type Wire = #twin;

                #[inline]
                fn to_wire(&self) -> #twin {
                    match self {
                        #(#to_wire,)*
                    }
                }

                #[inline]
                fn from_wire(wire: #twin) -> Self {
                    match wire {
                        #(#from_wire,)*
                    }
                }
            }
        };
    }
}

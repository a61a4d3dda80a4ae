//! The newtype that an open enum or flags become: an integer with constants for its values. Relies on `input`. Any bits are a
//! value, so nothing is checked and nothing is lost.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, ItemEnum};

use super::input::{Enum, Form, Value};
use crate::expand::at;

/// The type with its constants, methods and implementations.
pub(super) fn definition(read: &Enum, item: &ItemEnum) -> TokenStream {
    let Enum { ident, library, repr, form, .. } = read;
    let visibility = &item.vis;
    let integer = quote!(::core::primitive::#repr);
    // What is meant for the type goes on to it; `#[shm]` and `#[repr]` are read.
    let goes_on = |attr: &&Attribute| !attr.path().is_ident("shm") && !attr.path().is_ident("repr");
    let attrs = item.attrs.iter().filter(goes_on);
    let constants = read.values.iter().zip(&item.variants).map(|(value, variant)| {
        let (name, number) = (&value.ident, number(*form, &integer, value));
        let attrs = variant.attrs.iter().filter(goes_on);
        quote! {
            #(#attrs)*
            pub const #name: Self = Self(#number);
        }
    });
    let layout = read.layout(|value| {
        let name = &value.ident;
        match form {
            Form::Flags => quote!(#ident::#name.0.trailing_zeros() as ::core::primitive::i128),
            Form::Closed | Form::Open => quote!(#ident::#name.0 as ::core::primitive::i128),
        }
    });
    let methods = match form {
        Form::Flags => flags(read, &integer),
        Form::Closed | Form::Open => open(read, &integer),
    };
    quote! {
        #(#attrs)*
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::cmp::PartialEq,
            ::core::cmp::Eq,
            ::core::cmp::PartialOrd,
            ::core::cmp::Ord,
            ::core::hash::Hash,
        )]
        #[repr(transparent)]
        #visibility struct #ident(#visibility #integer);

        #[allow(non_upper_case_globals, reason = "the names are the schema's")]
        #[allow(dead_code, reason = "not every program uses every value")]
        impl #ident {
            #(#constants)*
        }

        #[allow(deprecated, reason = "a deprecated value stays a value")]
        const _: () = {
            #methods
            #layout

            // SAFETY: the type is a transparent wrapper of its wire type, an integer, whose every bit pattern is a value.
            #[automatically_derived]
            unsafe impl #library::ShmField for #ident {
                const TYPE: #library::FieldType<'static> =
                    #library::__private::named(__LAYOUT);
                const ANY_BITS: ::core::primitive::bool = true;
                const PADDED: ::core::primitive::bool = false;
                type Wire = #integer;

                #[inline]
                fn to_wire(&self) -> #integer {
                    self.0
                }

                #[inline]
                fn from_wire(wire: #integer) -> Self {
                    Self(wire)
                }
            }

            #[automatically_derived]
            impl ::core::fmt::Debug for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #library::__private::debug::<Self>(f, self.0 as ::core::primitive::i128)
                }
            }
        };
    }
}

/// The integer of a value: of a flag the bit. The assertion is the expression's own, so that it is told at its place.
fn number(form: Form, integer: &TokenStream, value: &Value) -> TokenStream {
    let number = value.number.to_token_stream();
    match form {
        Form::Closed | Form::Open => number,
        Form::Flags => {
            let message = "no such bit: the lowest is 0, the highest one less than the integer has";
            quote_spanned! {at(&value.number)=> {
                const BIT: ::core::primitive::u32 = #number;
                ::core::assert!(BIT < #integer::BITS, #message);
                1 << BIT
            }}
        }
    }
}

fn open(read: &Enum, integer: &TokenStream) -> TokenStream {
    let ident = &read.ident;
    let names = read.values.iter().map(|Value { ident, name, .. }| {
        quote! {
            if self.0 == Self::#ident.0 {
                return ::core::option::Option::Some(#name);
            }
        }
    });
    quote! {
        #[allow(dead_code, reason = "not every program asks")]
        impl #ident {
            /// The name of this value; `None` for one that this version does not know.
            #[must_use]
            pub const fn name(self) -> ::core::option::Option<&'static ::core::primitive::str> {
                #(#names)*
                ::core::option::Option::None
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#integer> for #ident {
            #[inline]
            fn from(value: #integer) -> Self {
                Self(value)
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for #integer {
            #[inline]
            fn from(value: #ident) -> Self {
                value.0
            }
        }
    }
}

fn flags(read: &Enum, integer: &TokenStream) -> TokenStream {
    let ident = &read.ident;
    let names = read.values.iter().map(|value| &value.ident);
    let operators =
        [("BitOr", "bitor", quote!(|)), ("BitAnd", "bitand", quote!(&))].map(|(name, method, operator)| {
            let span = proc_macro2::Span::call_site();
            let [operation, assigned] =
                [name.to_owned(), format!("{name}Assign")].map(|name| syn::Ident::new(&name, span));
            let [method, assign] =
                [method.to_owned(), format!("{method}_assign")].map(|name| syn::Ident::new(&name, span));
            quote! {
                #[automatically_derived]
                impl ::core::ops::#operation for #ident {
                    type Output = Self;

                    #[inline]
                    fn #method(self, other: Self) -> Self {
                        Self(self.0 #operator other.0)
                    }
                }

                #[automatically_derived]
                impl ::core::ops::#assigned for #ident {
                    #[inline]
                    fn #assign(&mut self, other: Self) {
                        *self = *self #operator other;
                    }
                }
            }
        });
    quote! {
        #[allow(dead_code, reason = "not every program uses every operation")]
        impl #ident {
            /// No flag.
            #[must_use]
            #[inline]
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Every flag that has a name.
            #[must_use]
            #[inline]
            pub const fn all() -> Self {
                Self(0 #(| Self::#names.0)*)
            }

            /// The flags as an integer, with those that have no name.
            #[must_use]
            #[inline]
            pub const fn bits(self) -> #integer {
                self.0
            }

            /// The flags of this integer; those that have no name are kept.
            #[must_use]
            #[inline]
            pub const fn from_bits(bits: #integer) -> Self {
                Self(bits)
            }

            /// Whether no flag is set, with a name or without.
            #[must_use]
            #[inline]
            pub const fn is_empty(self) -> ::core::primitive::bool {
                self.0 == 0
            }

            /// Whether all of these flags are set.
            #[must_use]
            #[inline]
            pub const fn contains(self, others: Self) -> ::core::primitive::bool {
                self.0 & others.0 == others.0
            }

            /// Whether any of these flags is set.
            #[must_use]
            #[inline]
            pub const fn intersects(self, others: Self) -> ::core::primitive::bool {
                self.0 & others.0 != 0
            }

            /// These flags and those: `|`, for constants.
            #[must_use]
            #[inline]
            pub const fn union(self, others: Self) -> Self {
                Self(self.0 | others.0)
            }

            /// Sets these flags.
            #[inline]
            pub const fn insert(&mut self, others: Self) {
                self.0 |= others.0;
            }

            /// Clears these flags.
            #[inline]
            pub const fn remove(&mut self, others: Self) {
                self.0 &= !others.0;
            }
        }

        #[automatically_derived]
        impl ::core::default::Default for #ident {
            #[inline]
            fn default() -> Self {
                Self::empty()
            }
        }

        #(#operators)*
    }
}

//! The output: both implementations, the wire twin and assertions, inside `const _`. Relies on `wire` for the twin and on
//! a record that `check` let pass; knows no numbers: sizes, offsets and ids are constant expressions over the struct.
//!
//! Spans decide who is told what. The user's types keep theirs, so that the compiler's objections to a type point at it;
//! all else has the macro's, so that no lint of the user's crate looks at it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Ident, Path};

use crate::input::{Field, Record};
use crate::wire::{Member, Twin};

/// The implementations for this record.
pub(crate) fn record(record: &Record<'_>) -> TokenStream {
    let Record { ident, library, .. } = record;
    let twin = Twin::new(record);
    let types = twin.types();
    let definition = twin.definition();
    let to_wire = twin.value();
    let from_wire = twin.original();
    let layout = layout(record, &twin);
    let assertions = assertions(record, &twin);
    let wire = &twin.ident;
    let any_bits = twin.any_bits();
    let padded = twin.padded();
    quote! {
        #[allow(deprecated, reason = "a deprecated field keeps its bytes")]
        const _: () = {
            use #library::__private::layout as __layout;

            #types
            #definition

            const __LAYOUT: &__layout::RecordLayout<'static> = #layout;

            // SAFETY: the assertions below compare the twin with the struct, and the constants are computed from the fields'.
            #[automatically_derived]
            unsafe impl #library::ShmField for #ident {
                const TYPE: __layout::FieldType<'static> =
                    __layout::FieldType::record(__LAYOUT);
                const ANY_BITS: ::core::primitive::bool = #any_bits;
                const PADDED: ::core::primitive::bool = #padded;
                type Wire = #wire;

                #[inline]
                fn to_wire(&self) -> #wire {
                    #to_wire
                }

                #[inline]
                fn from_wire(wire: #wire) -> Self {
                    #from_wire
                }
            }

            #[automatically_derived]
            impl #library::ShmRecord for #ident
            where
                // `ShmField` has said it if this does not hold; the lifetime keeps the compiler from saying it again.
                for<'__shm> Self: ::core::marker::Copy,
            {
                const LAYOUT: &'static __layout::RecordLayout<'static> = __LAYOUT;
            }

            #assertions
        };
    }
}

/// What stands in place of the implementations beside errors: whoever uses the struct as a record is not told that it is
/// none.
pub(crate) fn stub(record: &Record<'_>, generics: &Generics, errors: &[TokenStream]) -> TokenStream {
    let Record { ident, library, .. } = record;
    let (parameters, arguments, _) = generics.split_for_impl();
    let copy = copy();
    let ty = quote!(__layout::FieldType::record(<Self as #library::ShmRecord>::LAYOUT));
    let field = stub_field(library, ident, generics, &ty, errors);
    quote! {
        const _: () = {
            use #library::__private::layout as __layout;

            #field

            impl #parameters #library::ShmRecord for #ident #arguments #copy {
                const LAYOUT: &'static __layout::RecordLayout<'static> =
                    &__layout::RecordLayout::new("", 0, 1, &[], "");
            }
        };
    }
}

/// The errors of what is no field, a record or an enum, and `ShmField` for it all the same; its `TYPE` is `ty`.
///
/// The first error is the length of the wire type. That type is then an error too, of which the compiler says nothing
/// more, wherever the struct is used.
pub(crate) fn stub_field(
    library: &Path,
    ident: &Ident,
    generics: &Generics,
    ty: &TokenStream,
    errors: &[TokenStream],
) -> TokenStream {
    let (parameters, arguments, _) = generics.split_for_impl();
    let copy = copy();
    let (first, others) =
        errors.split_first().map_or((None, errors), |(first, others)| (Some(first), others));
    quote! {
        #(#others)*

        // SAFETY: no program has it: the length of the wire type, the first error, does not compile.
        unsafe impl #parameters #library::ShmField for #ident #arguments #copy {
            const TYPE: #library::FieldType<'static> = #ty;
            const ANY_BITS: ::core::primitive::bool = false;
            const PADDED: ::core::primitive::bool = true;
            type Wire = [u8; #first];

            fn to_wire(&self) -> Self::Wire {
                ::core::unreachable!()
            }

            fn from_wire(_: Self::Wire) -> Self {
                ::core::unreachable!()
            }
        }
    }
}

/// Keeps the compiler from saying what is said already: that it is not `Copy`.
fn copy() -> TokenStream {
    quote!(where for<'__shm> Self: ::core::marker::Copy + 'static)
}

/// The `RecordLayout`, from the compiler's own numbers.
fn layout(record: &Record<'_>, twin: &Twin<'_>) -> TokenStream {
    let Record { ident, name, library, doc, .. } = record;
    let version = record.version.iter().map(|version| quote!(.of_version(#version)));
    let fields = twin.members.iter().map(|Member { read, field, ty, .. }| {
        let Field { name, text, doc, .. } = read;
        let unit = read.unit.iter().map(|unit| quote!(unit: ::core::option::Option::Some(#unit),));
        let facts = read.facts.members(&quote!(<#ty as #library::ShmField>::TYPE));
        let new = quote! {
            __layout::FieldLayout::new(
                #name,
                <#ty as #library::ShmField>::TYPE,
                ::core::mem::offset_of!(#ident, #field) as ::core::primitive::u32,
            )
        };
        quote! {
            __layout::FieldLayout { text: #text, #(#unit)* #facts doc: #doc, ..#new }
        }
    });
    quote! {
        &__layout::RecordLayout::new(
            #name,
            ::core::mem::size_of::<#ident>() as ::core::primitive::u32,
            ::core::mem::align_of::<#ident>() as ::core::primitive::u32,
            const { &[#(#fields),*] },
            #doc,
        )
        #(#version)*
        .nested_within_limit()
    }
}

/// What only the compiler can check.
fn assertions(record: &Record<'_>, twin: &Twin<'_>) -> TokenStream {
    let Record { ident, library, .. } = record;
    let size = quote!(::core::mem::size_of::<#ident>());
    let align = quote!(::core::mem::align_of::<#ident>());
    let limits = quote_spanned! {at(ident)=>
        const _: () =
            ::core::assert!(#size as ::core::primitive::u64 <= __layout::place::MAX_RECORD_BYTES, "a record has at most 2^31 bytes");
        const _: () =
            ::core::assert!(#align as ::core::primitive::u64 <= __layout::place::MAX_ALIGN as ::core::primitive::u64, "a record is aligned to at most 4096 bytes");
    };
    let texts = twin.members.iter().filter(|member| member.read.text).map(|Member { read, ty, .. }| {
        quote_spanned! {at(read.ty)=>
            const _: () = ::core::assert!(
                ::core::matches!(
                    <#ty as #library::ShmField>::TYPE,
                    __layout::FieldType { kind: __layout::Kind::U8, rank: 1, named: ::core::option::Option::None, .. }
                ),
                "`#[shm(text)]` is for `[u8; N]`: text is N bytes, padded with NUL",
            );
        }
    });
    let facts = twin
        .members
        .iter()
        .map(|Member { read, ty, .. }| read.facts.assertions(&quote!(<#ty as #library::ShmField>::TYPE)));
    let order = order(record, twin);
    let wire = &twin.ident;
    let offsets = twin.members.iter().map(|Member { field, name, .. }| {
        quote!(::core::mem::offset_of!(#wire, #name) == ::core::mem::offset_of!(#ident, #field))
    });
    quote! {
        #limits
        #(#texts)*
        #(#facts)*
        #(#order)*
        const _: () = ::core::assert!(
            ::core::mem::size_of::<#wire>() == #size && ::core::mem::align_of::<#wire>() == #align #(&& #offsets)*,
            "the wire twin differs from the struct: this is a mistake in shmrecord, please report it",
        );
    }
}

/// That no field stands elsewhere than it did before a later one came in front of it, as far as it is told where that was:
/// behind padding that is written out it stays.
fn order(record: &Record<'_>, twin: &Twin<'_>) -> Vec<TokenStream> {
    let ident = record.ident;
    let version = |member: &Member<'_>| member.read.facts.version();
    let mut latest = 1;
    let mut assertions = Vec::new();
    for (index, member) in twin.members.iter().enumerate() {
        let own = version(member);
        latest = latest.max(own);
        let older = twin.members[..index].iter().rfind(|before| version(before) <= own);
        let mut between = record
            .fields
            .iter()
            .skip_while(|field| older.is_some_and(|older| field.ident != older.read.ident));
        let is_pinned =
            between.by_ref().take_while(|field| field.ident != member.read.ident).any(|field| field.padding);
        if own == latest || is_pinned {
            continue;
        }
        let end = older.map_or(quote!(0), |Member { field, ty, .. }| {
            quote!((::core::mem::offset_of!(#ident, #field) + ::core::mem::size_of::<#ty>()))
        });
        let (Member { field, ty, .. }, name) = (member, member.read.ident);
        let message = format!(
            "`{name}` is older than a field in front of it, which moves it: fields are added at the end, or in a hole"
        );
        assertions.push(quote_spanned! {at(name)=>
            const _: () = ::core::assert!(
                ::core::primitive::usize::next_multiple_of(#end, ::core::mem::align_of::<#ty>())
                    == ::core::mem::offset_of!(#ident, #field),
                #message,
            );
        });
    }
    assertions
}

/// The place of these tokens, for code of the macro.
pub(crate) fn at(tokens: impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}

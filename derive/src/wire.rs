//! The wire twin: a struct with the same bytes whose padding is spelled out. Relies on `input`; leaves all proofs to the
//! compiler: zerocopy's derives show that no hidden padding is left, `expand` asserts that the twin has the struct's
//! offsets.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Path};

use crate::expand::at;
use crate::input::{Field, Record};

/// The twin of a record.
pub(crate) struct Twin<'a> {
    record: &'a Record<'a>,
    /// The twin's own name.
    pub(crate) ident: Ident,
    /// Its members, without padding.
    pub(crate) members: Vec<Member<'a>>,
}

/// A field of the record that is no padding, and what stands for it in the twin.
pub(crate) struct Member<'a> {
    /// What was read of it.
    pub(crate) read: &'a Field<'a>,
    /// The field in the user's struct.
    pub(crate) field: Ident,
    /// Alias of its type.
    pub(crate) ty: Ident,
    /// The field in the twin. The prefix keeps it apart from all padding.
    pub(crate) name: Ident,
}

impl<'a> Twin<'a> {
    /// The twin of this record.
    pub(crate) fn new(record: &'a Record<'a>) -> Self {
        let fields = record.fields.iter().filter(|field| !field.padding);
        let members = fields.enumerate().map(|(index, read)| Member {
            read,
            field: spanned(read.ident, at(read.ident)),
            ty: format_ident!("__Type{index}"),
            name: format_ident!("field_{}", read.ident, span = Span::call_site()),
        });
        let ident = format_ident!("__{}Wire", record.ident, span = Span::call_site());
        Twin { record, ident, members: members.collect() }
    }

    /// Aliases of the fields' types. All other output names these.
    ///
    /// That a type is a field's is asked in one place, the array length. If it is not, the length is an error and with it
    /// the alias, of which the compiler says nothing more: the user reads once what is wrong, at the type.
    pub(crate) fn types(&self) -> TokenStream {
        let Record { ident, library, .. } = self.record;
        let aliases = self.members.iter().map(|Member { read, ty, .. }| {
            let written = without_self(read.ty.to_token_stream(), ident);
            let one = quote_spanned!(at(read.ty)=> { let _ = <#written as #library::ShmField>::TYPE; 1 });
            quote!(type #ty = <[#written; #one] as ::core::iter::IntoIterator>::Item;)
        });
        quote!(#(#aliases)*)
    }

    /// The struct, and how many bytes of padding lie in front of each member and behind the last.
    pub(crate) fn definition(&self) -> TokenStream {
        let Record { ident: user, library, repr, .. } = self.record;
        let Twin { ident, members, .. } = self;
        // Of several alignments the largest counts, for rustc too; zerocopy takes one.
        let align =
            repr.aligns.iter().max_by_key(|align| align.base10_parse::<u64>().unwrap_or(0)).into_iter();
        let derives = derives(library);
        let pads = self.pads();
        let (inner, last) = (&pads[..members.len()], &pads[members.len()]);
        let fields = members.iter().zip(inner).map(|(Member { ty, name, .. }, pad)| {
            quote! {
                #pad: [::core::primitive::u8; #ident::#pad],
                #name: <#ty as #library::ShmField>::Wire,
            }
        });
        let starts =
            members.iter().map(|Member { field, .. }| quote!(::core::mem::offset_of!(#user, #field)));
        let starts = starts.chain([quote!(::core::mem::size_of::<#user>())]);
        let ends = members.iter().map(|Member { field, ty, .. }| {
            quote!((::core::mem::offset_of!(#user, #field) + ::core::mem::size_of::<#ty>()))
        });
        let ends = [quote!(0)].into_iter().chain(ends);
        quote! {
            #derives
            #[repr(C #(, align(#align))*)]
            pub struct #ident {
                #(#fields)*
                #last: [::core::primitive::u8; #ident::#last],
            }

            impl #ident {
                #(const #pads: usize = #starts - #ends;)*
            }
        }
    }

    /// The expression that makes the twin of `self`.
    pub(crate) fn value(&self) -> TokenStream {
        let library = &self.record.library;
        let ident = &self.ident;
        let pads = self.pads();
        let fields = self.members.iter().map(|Member { field, ty, name, .. }| {
            quote!(#name: <#ty as #library::ShmField>::to_wire(&self.#field),)
        });
        quote! {
            #ident {
                #(#fields)*
                #(#pads: [0; #ident::#pads],)*
            }
        }
    }

    /// The expression that makes `Self` from the twin `wire`.
    pub(crate) fn original(&self) -> TokenStream {
        let library = &self.record.library;
        let fields = self.members.iter().map(|Member { field, ty, name, .. }| {
            quote!(#field: <#ty as #library::ShmField>::from_wire(wire.#name),)
        });
        let padding =
            self.record.fields.iter().filter(|field| field.padding).map(|Field { ident, ty, .. }| {
                // All of it at the type, because what may be wrong is that this is another one.
                let zero = quote!(#library::Reserved::ZERO).into_iter().map(|mut token| {
                    token.set_span(at(ty));
                    token
                });
                quote!(#ident: #(#zero)*,)
            });
        quote!(Self { #(#fields)* #(#padding)* })
    }

    /// The expression that tells whether any bytes are a value: those of every field are, and none is to be zero.
    pub(crate) fn any_bits(&self) -> TokenStream {
        let Record { library, fields, .. } = self.record;
        if fields.iter().any(|field| field.padding) {
            return quote!(false);
        }
        let all = self.members.iter().map(|Member { ty, .. }| quote!(<#ty as #library::ShmField>::ANY_BITS));
        quote!(#(#all)&&*)
    }

    /// The expression that tells whether there are bytes between the fields, or in them, that belong to none.
    pub(crate) fn padded(&self) -> TokenStream {
        let library = &self.record.library;
        let ident = &self.ident;
        let around = self.pads().into_iter().map(|pad| quote!(#ident::#pad > 0));
        let inside = self.members.iter().map(|Member { ty, .. }| quote!(<#ty as #library::ShmField>::PADDED));
        let all = around.chain(inside);
        quote!(#(#all)||*)
    }

    /// Names of the padding: in front of each member, and behind the last.
    fn pads(&self) -> Vec<Ident> {
        (0..=self.members.len()).map(|index| format_ident!("_pad{index}")).collect()
    }
}

/// What a twin derives: zerocopy's proofs that it has no padding, and which bytes are a value.
pub(crate) fn derives(library: &Path) -> TokenStream {
    let zerocopy = quote!(#library::__private::zerocopy);
    let zerocopy_path = zerocopy.to_string().replace(' ', "");
    quote! {
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            #zerocopy::IntoBytes,
            #zerocopy::TryFromBytes,
            #zerocopy::Immutable,
            #zerocopy::KnownLayout,
        )]
        #[zerocopy(crate = #zerocopy_path)]
    }
}

/// The tokens with the struct's name for `Self`, which means something else where they will stand.
fn without_self(tokens: TokenStream, ident: &Ident) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(word) if word == "Self" => TokenTree::Ident(spanned(ident, word.span())),
        TokenTree::Group(group) => {
            let mut replaced = Group::new(group.delimiter(), without_self(group.stream(), ident));
            replaced.set_span(group.span());
            TokenTree::Group(replaced)
        }
        token => token,
    };
    tokens.into_iter().map(replace).collect()
}

fn spanned(ident: &Ident, span: Span) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(span);
    ident
}

//! What `#[shm(...)]` says of a field's numbers: `exp`, `time`, `null`, `min`, `max`, `since`, `deprecated`. Relies on
//! `number`; `check` judges what tokens show, the compiler the rest, by the assertions written here.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::{Error, Ident, LitInt, LitStr, Path};

use crate::number::{self, Number};

/// The names of `Time` in the layout crate, and its variants.
const TIMES: [(&str, &str); 5] = [
    ("unix_s", "UnixS"),
    ("unix_ms", "UnixMs"),
    ("unix_us", "UnixUs"),
    ("unix_ns", "UnixNs"),
    ("monotonic_ns", "MonotonicNs"),
];

/// What is said of a field's numbers.
#[derive(Default)]
pub(crate) struct Facts {
    /// `exp = -9`
    pub(crate) exp: Option<(Path, i8)>,
    /// `time = "unix_ns"`
    pub(crate) time: Option<(LitStr, Ident)>,
    /// `null = "max"`
    null: Option<Number>,
    /// `min = 0`
    pub(crate) min: Option<Number>,
    /// `max = 10`
    pub(crate) max: Option<Number>,
    /// `since = 2`
    pub(crate) since: Option<LitInt>,
    /// `deprecated = 3`
    pub(crate) deprecated: Option<LitInt>,
}

impl Facts {
    /// The keys that [`Facts::take`] takes.
    pub(crate) const KEYS: [&str; 7] = ["exp", "time", "null", "min", "max", "since", "deprecated"];

    /// Reads the value of one of the keys.
    pub(crate) fn take(&mut self, key: &str, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let input = meta.value()?;
        match key {
            "exp" => self.exp = Some((meta.path.clone(), number::exponent(input)?)),
            "time" => self.time = Some(time(input.parse()?)?),
            "null" => self.null = Some(input.parse()?),
            "min" => self.min = Some(bound(input.parse()?)?),
            "max" => self.max = Some(bound(input.parse()?)?),
            "since" => self.since = Some(number::version(input)?),
            _ => self.deprecated = Some(number::version(input)?),
        }
        Ok(())
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let numbers = self.exp.is_none() && self.time.is_none() && self.null.is_none();
        let versions = self.since.is_none() && self.deprecated.is_none();
        numbers && versions && self.min.is_none() && self.max.is_none()
    }

    /// The members of `FieldLayout` for it. `ty` evaluates to the field's `FieldType`.
    pub(crate) fn members(&self, ty: &TokenStream) -> TokenStream {
        let kind = kind(ty);
        let exp = self.exp.iter().map(|(_, exp)| quote!(exp: #exp,));
        let time = self
            .time
            .iter()
            .map(|(_, variant)| quote!(time: ::core::option::Option::Some(__layout::Time::#variant),));
        let numbers = self.numbers().map(|(name, number)| {
            let (name, number) = (Ident::new(name, proc_macro2::Span::call_site()), number.of_kind(&kind));
            quote!(#name: #number,)
        });
        let since = self.since.iter().map(|since| quote!(since: ::core::option::Option::Some(#since),));
        let deprecated = self
            .deprecated
            .iter()
            .map(|deprecated| quote!(deprecated: ::core::option::Option::Some(#deprecated),));
        quote!(#(#exp)* #(#time)* #(#numbers)* #(#since)* #(#deprecated)*)
    }

    /// What only the compiler can check, because it knows the type.
    pub(crate) fn assertions(&self, ty: &TokenStream) -> TokenStream {
        let kind = kind(ty);
        let exp = self.exp.iter().map(|(path, _)| {
            let message = "`exp` is for integers: they count units of ten to this power";
            quote_spanned!(crate::expand::at(path)=> const _: () = ::core::assert!(#ty.counts(), #message);)
        });
        let time = self.time.iter().map(|(name, variant)| {
            let message = "`time` is for integers of 64 bits; `unix_s` of 32, too";
            quote_spanned! {crate::expand::at(name)=>
                const _: () = ::core::assert!(#ty.counts() && __layout::Time::#variant.fits(#kind), #message);
            }
        });
        let numbers = self.numbers().map(|(name, number)| {
            let value = number.of_kind(&kind);
            let words = match name {
                "null" => ", \"min\" or \"max\" of an integer, or \"nan\" for a float",
                _ => "",
            };
            let message = format!("`{name}` does not fit: it is a number that the field's type holds{words}");
            let span = number.span.resolved_at(proc_macro2::Span::call_site());
            // An enum has no order; but an integer without a name can stand for "no value".
            let ordered = (name != "null").then(|| quote!(#ty.named.is_none() &&));
            quote_spanned! {span=>
                const _: () = ::core::assert!(#ordered #value.is_some(), #message);
            }
        });
        let free = self.null.iter().map(|null| {
            let limit = |limit: &Option<Number>| match limit {
                Some(limit) => limit.of_kind(&kind),
                None => quote!(::core::option::Option::None),
            };
            let (value, min, max) = (null.of_kind(&kind), limit(&self.min), limit(&self.max));
            let span = null.span.resolved_at(proc_macro2::Span::call_site());
            let taken = |by: &str| format!("`null` is a value as well: {by}");
            let (limits, name) = (taken("it is between `min` and `max`"), taken("the enum or flags have it"));
            let closed = "a closed enum has no other values than its own: give one of them the meaning, or make it an `open_enum`";
            // That it does not fit has been said.
            quote_spanned! {span=>
                const _: () = match (#value, #ty.named) {
                    (::core::option::Option::Some(null), _) if #ty.has_free(null, #min, #max) => {}
                    (::core::option::Option::None, _) => {}
                    (_, ::core::option::Option::None) => ::core::panic!(#limits),
                    (_, ::core::option::Option::Some(named)) => match named.form {
                        __layout::Form::Closed => ::core::panic!(#closed),
                        _ => ::core::panic!(#name),
                    },
                };
            }
        });
        let zeros = self.since.iter().filter(|_| self.version() > 1).map(|since| {
            let message = "a field that came later is zeros in what older programs wrote, and 0 is no value of its closed \
                           enum: give one the number 0, or make it an `open_enum`";
            quote_spanned!(crate::expand::at(since)=> const _: () = ::core::assert!(#ty.takes_zeros(), #message);)
        });
        quote!(#(#exp)* #(#time)* #(#numbers)* #(#free)* #(#zeros)*)
    }

    /// The version from which on a field is there.
    pub(crate) fn version(&self) -> u32 {
        self.since.as_ref().and_then(|since| since.base10_parse().ok()).unwrap_or(1)
    }

    fn numbers(&self) -> impl Iterator<Item = (&'static str, &Number)> {
        let all = [("null", &self.null), ("min", &self.min), ("max", &self.max)];
        all.into_iter().filter_map(|(name, number)| Some((name, number.as_ref()?)))
    }
}

fn kind(ty: &TokenStream) -> TokenStream {
    quote!(#ty.kind)
}

fn time(name: LitStr) -> syn::Result<(LitStr, Ident)> {
    let value = name.value();
    match TIMES.iter().find(|(known, _)| *known == value) {
        Some((_, variant)) => Ok((name, Ident::new(variant, proc_macro2::Span::call_site()))),
        None => {
            let known = TIMES.map(|(name, _)| name).join("`, `");
            Err(Error::new(name.span(), format_args!("unknown time: known are `{known}`")))
        }
    }
}

/// A bound is a number: what its type can hold is no bound.
fn bound(number: Number) -> syn::Result<Number> {
    match number.word() {
        Some(word) => Err(Error::new(word.span(), "expected a number: without a bound, leave the key out")),
        None => Ok(number),
    }
}

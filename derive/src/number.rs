//! Numbers in attributes: `null = -1`, `max = 0.5`, `null = "min"`. Relies on syn; knows no type that they must fit.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Lit, LitFloat, LitInt, LitStr, Token};

/// A number as it is written.
pub(crate) struct Number {
    value: Value,
    /// Where it stands.
    pub(crate) span: Span,
}

enum Value {
    Integer(i128),
    Float(f64),
    /// `"min"`, `"max"` or `"nan"`.
    Word(LitStr),
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let minus = input.parse::<Option<Token![-]>>()?;
        let literal: Lit = input.parse()?;
        let span =
            minus.map_or(literal.span(), |minus| minus.span.join(literal.span()).unwrap_or(minus.span));
        let value = match (&literal, &minus) {
            (Lit::Int(number), _) => {
                plain(number.suffix(), literal.span())?;
                let value = number.base10_parse::<i128>()?;
                Value::Integer(if minus.is_some() { -value } else { value })
            }
            (Lit::Float(number), _) => Value::Float(float(number, minus.is_some())?),
            (Lit::Str(word), None) if ["min", "max", "nan"].contains(&word.value().as_str()) => {
                Value::Word(word.clone())
            }
            _ => return Err(Error::new(span, "expected a number, or of `null` \"min\", \"max\" or \"nan\"")),
        };
        Ok(Number { value, span })
    }
}

impl Number {
    /// The word, where it is one.
    pub(crate) fn word(&self) -> Option<&LitStr> {
        match &self.value {
            Value::Word(word) => Some(word),
            Value::Integer(_) | Value::Float(_) => None,
        }
    }

    /// Whether both are numbers and this one is greater.
    pub(crate) fn is_above(&self, other: &Number) -> bool {
        match (&self.value, &other.value) {
            (Value::Integer(a), Value::Integer(b)) => a > b,
            #[expect(clippy::cast_precision_loss, reason = "one of them is a float anyway")]
            (Value::Integer(a), Value::Float(b)) => (*a as f64) > *b,
            #[expect(clippy::cast_precision_loss, reason = "one of them is a float anyway")]
            (Value::Float(a), Value::Integer(b)) => *a > (*b as f64),
            (Value::Float(a), Value::Float(b)) => a > b,
            _ => false,
        }
    }

    /// The expression that makes an `Option` of it for the kind that `kind` evaluates to.
    pub(crate) fn of_kind(&self, kind: &TokenStream) -> TokenStream {
        let function = match &self.value {
            Value::Integer(value) => {
                let digits = proc_macro2::Literal::u128_unsuffixed(value.unsigned_abs());
                let value = if *value < 0 { quote!(-#digits) } else { digits.into_token_stream() };
                quote!(integer(#kind, #value))
            }
            Value::Float(value) => {
                let digits = proc_macro2::Literal::f64_unsuffixed(value.abs());
                let value =
                    if value.is_sign_negative() { quote!(-#digits) } else { digits.into_token_stream() };
                quote!(float(#kind, #value))
            }
            Value::Word(word) => match word.value().as_str() {
                "min" => quote!(least(#kind)),
                "max" => quote!(greatest(#kind)),
                _ => quote!(float(#kind, ::core::primitive::f64::NAN)),
            },
        };
        quote!(__layout::Number::#function)
    }
}

/// A version of the schema: from 1 on.
pub(crate) fn version(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let literal: LitInt = input.parse()?;
    match literal.base10_parse::<u32>() {
        Ok(1..) if literal.suffix().is_empty() => Ok(literal),
        _ => Err(Error::new(literal.span(), "versions are whole numbers from 1 on")),
    }
}

/// A decimal exponent.
pub(crate) fn exponent(input: ParseStream<'_>) -> syn::Result<i8> {
    let number: Number = input.parse()?;
    match number.value {
        Value::Integer(value) => i8::try_from(value).ok(),
        Value::Float(_) | Value::Word(_) => None,
    }
    .ok_or_else(|| Error::new(number.span, "an exponent is a whole number from -128 to 127"))
}

fn float(number: &LitFloat, negative: bool) -> syn::Result<f64> {
    plain(number.suffix(), number.span())?;
    let value = number.base10_parse::<f64>()?;
    if value.is_finite() {
        return Ok(if negative { -value } else { value });
    }
    Err(Error::new(number.span(), "no float is that large"))
}

fn plain(suffix: &str, span: Span) -> syn::Result<()> {
    match suffix {
        "" => Ok(()),
        suffix => Err(Error::new(
            span,
            format_args!("the field has the type already: remove the suffix `{suffix}`"),
        )),
    }
}

//! What fields are said to mean (`exp`, `time`, `null`, `min`, `max`), settled against their types. Relies on `resolve` for
//! the types and on the layout crate for numbers.

use std::collections::HashMap;

use shmrecord_layout::{Form, Kind, Number, Time};

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Element, Enum, EnumValue, Type};
use crate::record::{Field, Literal, Record};
use crate::resolve::Resolved;
use crate::rules::Rule;
use crate::schema::Schema;
use crate::source::{Span, Spanned};

/// The facts of a field, as numbers of its kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Facts {
    pub(crate) time: Option<Time>,
    pub(crate) null: Option<Number>,
    pub(crate) min: Option<Number>,
    pub(crate) max: Option<Number>,
}

/// Settles the facts of every field, by record of the schema, and reports those that cannot be.
pub(crate) fn settle(
    schema: &Schema,
    resolved: &Resolved,
    enums: &[Enum],
    found: &mut Diagnostics,
) -> Vec<Vec<Facts>> {
    let values = enums.iter().enumerate().flat_map(|(at, named)| {
        let integer = |value: &'_ EnumValue| Number::integer(named.repr, value.value);
        named.values.iter().filter_map(move |value| Some(((at, integer(value)?), value.name.as_str())))
    });
    let known = Known { enums, values: values.collect() };
    let records = schema.records.iter().zip(&resolved.types);
    let mut facts = |(record, types): (&Record, &Vec<Option<Type>>)| {
        let fields = record.fields.iter().zip(types);
        let facts = fields.map(|(field, ty)| match ty {
            Some(ty) => of_field(field, ty, &known, found),
            None => Facts::default(),
        });
        facts.collect()
    };
    records.map(&mut facts).collect()
}

/// What fields can be enums of.
struct Known<'m> {
    enums: &'m [Enum],
    /// The names of their values, by enum and number.
    values: HashMap<(usize, Number), &'m str>,
}

fn of_field(field: &Field, ty: &Type, known: &Known<'_>, found: &mut Diagnostics) -> Facts {
    let holder = Holder::new(ty, known.enums);
    if let Some(exp) = &field.exp
        && !matches!(holder, Holder::Number(kind) if kind.is_integer())
    {
        let report =
            Diagnostic::new(Rule::BadExponent, exp.span, format!("`exp` does not fit {}", holder.words()));
        found.push(report.label("only integers are scaled"));
    }
    let time = field.time.as_ref().and_then(|time| self::time(field, time, &holder, found));
    let null = field.null.as_ref().and_then(|null| holder.number("null", null, found));
    let min = field.min.as_ref().and_then(|min| holder.number("min", min, found));
    let max = field.max.as_ref().and_then(|max| holder.number("max", max, found));
    let facts = Facts { time, null, min, max };
    if let Holder::Number(kind) = holder {
        facts.compare(kind, field, found);
    }
    if let (Element::Enum(at), Some(null), Some(given)) = (ty.element, null, &field.null) {
        no_value_of(&known.enums[at], known.values.get(&(at, null)), null, given.span, found);
    }
    facts
}

fn time(
    field: &Field,
    given: &Spanned<String>,
    holder: &Holder<'_>,
    found: &mut Diagnostics,
) -> Option<Time> {
    let time = Time::ALL.into_iter().find(|time| time.name() == given.value);
    if time.is_none() {
        let names = Time::ALL.map(Time::name);
        let nearest = found.nearest(&given.value, names);
        let report =
            Diagnostic::new(Rule::UnknownTime, given.span, format!("unknown time `{}`", given.value));
        found.push(report.label(format!("one of {}", names.join(" "))).suggest(nearest));
    }
    // One that is unknown is taken for the one that fits most.
    let fits = |kind| time.unwrap_or(Time::UnixS).fits(kind);
    if !matches!(*holder, Holder::Number(kind) if fits(kind)) {
        let title = format!("`time` does not fit {}", holder.words());
        let report = Diagnostic::new(Rule::BadTime, given.span, title);
        found.push(report.label("only u64 and i64 hold moments, and u32 and i32 whole seconds"));
        return None;
    }
    if let Some(exp) = &field.exp {
        let report = Diagnostic::new(Rule::BadExponent, exp.span, "`exp` says again what `time` says");
        found.push(report.label("leave one of them out").also(given.span, "this says what the values count"));
    }
    time
}

/// What the elements of a field are, as far as numbers are concerned.
enum Holder<'m> {
    /// Integers or floats.
    Number(Kind),
    /// Values of an enum, or flags.
    Named(&'m Enum),
    /// Neither, in words.
    Other(&'static str),
}

impl<'m> Holder<'m> {
    fn new(ty: &Type, enums: &'m [Enum]) -> Self {
        match ty.element {
            Element::Scalar(Kind::Bool) => Self::Other("a `bool`"),
            Element::Scalar(kind) => Self::Number(kind),
            Element::Char => Self::Other("text"),
            Element::Enum(at) => Self::Named(&enums[at]),
            Element::Record(_) => Self::Other("a record"),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Number(kind) => format!("a field of `{}`", kind.name()),
            Self::Named(named) => format!("a field of `{}`", named.name),
            Self::Other(words) => (*words).to_owned(),
        }
    }

    /// The number that is meant, when the elements can hold it; reports why not.
    fn number(&self, key: &str, given: &Spanned<Literal>, found: &mut Diagnostics) -> Option<Number> {
        let kind = match *self {
            Self::Number(kind) => kind,
            // An enum has no order, and flags are no quantity.
            Self::Named(named) if key == "null" => named.repr,
            _ => {
                let title = format!("`{key}` does not fit {}", self.words());
                let report = Diagnostic::new(Rule::BadLimit, given.span, title);
                found.push(report.label("not a field of numbers"));
                return None;
            }
        };
        let words = key == "null";
        let number = match &given.value {
            Literal::Integer(value) => Number::integer(kind, *value),
            // TOML has words of its own, without quotes, for what is no number.
            Literal::Float(value) if value.is_finite() || words && value.is_nan() => {
                Number::float(kind, *value)
            }
            Literal::Word(word) if words => match word.as_str() {
                "min" => Number::least(kind),
                "max" => Number::greatest(kind),
                "nan" => Number::float(kind, f64::NAN),
                _ => None,
            },
            Literal::Float(_) | Literal::Word(_) => None,
        };
        if number.is_none() {
            let title = format!("`{key}` is no number that a `{}` can be", kind.name());
            let label = match (Number::least(kind), Number::greatest(kind)) {
                (Some(least), Some(greatest)) if words => {
                    format!("\"min\", \"max\", or from {} to {}", least.display(kind), greatest.display(kind))
                }
                (Some(least), Some(greatest)) => {
                    format!("from {} to {}", least.display(kind), greatest.display(kind))
                }
                _ if words => "\"nan\", or a number that it holds exactly".to_owned(),
                _ => "a number that it holds exactly".to_owned(),
            };
            found.push(Diagnostic::new(Rule::BadLimit, given.span, title).label(label));
        }
        number
    }
}

impl Facts {
    /// Reports limits that leave no number, and a null between them.
    fn compare(&self, kind: Kind, field: &Field, found: &mut Diagnostics) {
        if let (Some(min), Some(max), Some(at), Some(other)) = (self.min, self.max, &field.min, &field.max)
            && max.is_below(min, kind)
        {
            let report = Diagnostic::new(Rule::EmptyRange, at.span, "`min` is more than `max`");
            found.push(report.label("no number is allowed").also(other.span, "the largest one"));
            return;
        }
        let (Some(null), Some(given)) = (self.null, &field.null) else { return };
        if null.is_meant(kind, self.min, self.max) {
            let title = format!("{} means that there is no value, and is one", null.display(kind));
            let report = Diagnostic::new(Rule::NullTaken, given.span, title).label("between `min` and `max`");
            let limit = field.min.as_ref().or(field.max.as_ref());
            found.push(match limit {
                Some(limit) => report.also(limit.span, "it is allowed here"),
                None => report,
            });
        }
    }
}

/// Reports a null that an enum has another meaning for.
fn no_value_of(named: &Enum, value: Option<&&str>, null: Number, span: Span, found: &mut Diagnostics) {
    let report = |title: String| Diagnostic::new(Rule::NullTaken, span, title);
    let shown = null.display(named.repr);
    let report = match named.form {
        Form::Closed => report(format!("`{}` is closed: nothing but its values can be stored", named.name))
            .label("cannot be read")
            .help("give the meaning \"no value\" to one of its names"),
        Form::Open => match value {
            Some(value) => report(format!("{shown} means that there is no value, and is `{value}`"))
                .label("a value of the enum"),
            None => return,
        },
        Form::Flags => {
            let bits = named.values.iter().fold(0, |bits, flag| bits | flag.value);
            if i128::from(null.bits()) & !bits != 0 {
                return;
            }
            report(format!("{shown} means that there is no value, and is a set of flags"))
                .label("a value of these flags")
        }
    };
    found.push(report);
}

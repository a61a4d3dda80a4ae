//! Which of a later version's types, fields and values are those of an earlier one: by name, by `aliases`, and, where
//! neither says so, by being the only one that is alike. Relies on the model; judges nothing.

use std::collections::HashMap;

use super::version::{Used, Version};
use crate::model::{Enum, EnumValue, Field, Model, Origin, Record};

/// What the counterpart of something is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// As it was.
    Same,
    /// Otherwise, and it says so.
    Alias,
    /// Otherwise, and nothing but its bytes says that it is the same.
    Silent,
}

/// The counterpart in the later version, by its index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) new: usize,
    pub(super) naming: Naming,
}

/// The counterparts of the types of an earlier version, by their indices in its model.
pub(super) struct Pairs {
    pub(super) enums: Vec<Option<Pair>>,
    pub(super) records: Vec<Option<Pair>>,
}

/// What has a name, and perhaps had others.
trait Named {
    fn name(&self) -> &str;
    fn aliases(&self) -> &[String];
    /// Where it is declared.
    fn origin(&self) -> &Origin {
        &Origin::Here
    }
}

macro_rules! named {
    ($($named:ty $(, $origin:ident)?;)+) => {
        $(impl Named for $named {
            fn name(&self) -> &str {
                &self.name
            }
            fn aliases(&self) -> &[String] {
                &self.aliases
            }
            $(fn origin(&self) -> &Origin {
                &self.$origin
            })?
        })+
    };
}

named! {
    Enum, origin;
    Record, origin;
    Field;
    EnumValue;
}

/// Those of the types that tables of the earlier version can hold.
pub(super) fn of_types(old: &Version, new: &Version) -> Pairs {
    let used = Used::of(&old.model);
    let enums = pair_used(&old.model.enums, &used.enums, &new.model.enums, |one, other| {
        one.form == other.form && one.repr == other.repr && numbers(one) == numbers(other)
    });
    let records = pair_used(&old.model.records, &used.records, &new.model.records, |one, other| {
        one.layout_id == other.layout_id
    });
    Pairs { enums, records }
}

/// Those of a record's fields.
pub(super) fn of_fields(
    (old, old_model): (&[&Field], &Model),
    (new, new_model): (&[&Field], &Model),
) -> Vec<Option<Pair>> {
    let ty = |model: &Model, field: &Field| model.type_name(&field.ty);
    pair(old, new, |one, other| one.offset == other.offset && ty(old_model, one) == ty(new_model, other))
}

/// Those of an enum's values.
pub(super) fn of_values(old: &Enum, new: &Enum) -> Vec<Option<Pair>> {
    let (old, new): (Vec<&EnumValue>, Vec<&EnumValue>) =
        (old.values.iter().collect(), new.values.iter().collect());
    pair(&old, &new, |one, other| one.value == other.value && !one.is_alias && !other.is_alias)
}

fn numbers(named: &Enum) -> Vec<i128> {
    let mut numbers: Vec<i128> = named.values.iter().map(|value| value.value).collect();
    numbers.sort_unstable();
    numbers
}

/// Pairs those of the old ones that are used, by their indices among all.
fn pair_used<T: Named>(
    old: &[T],
    used: &[bool],
    new: &[T],
    alike: impl Fn(&T, &T) -> bool,
) -> Vec<Option<Pair>> {
    let places: Vec<usize> = (0..old.len()).filter(|&at| used[at]).collect();
    let (some, new): (Vec<&T>, Vec<&T>) = (places.iter().map(|&at| &old[at]).collect(), new.iter().collect());
    let mut pairs = vec![None; old.len()];
    places.into_iter().zip(pair(&some, &new, alike)).for_each(|(at, pair)| pairs[at] = pair);
    pairs
}

fn pair<T: Named>(old: &[&T], new: &[&T], alike: impl Fn(&T, &T) -> bool) -> Vec<Option<Pair>> {
    let mut pairs = vec![None; old.len()];
    let mut taken = vec![false; new.len()];
    let mut names: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut aliases: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, new) in new.iter().enumerate() {
        names.entry(new.name()).or_default().push(at);
        new.aliases().iter().for_each(|alias| aliases.entry(alias).or_default().push(at));
    }
    let no_other: Vec<usize> = Vec::new();
    // Where something is declared tells homonyms apart; alone it makes no difference.
    for strict in [true, false] {
        for (old, pair) in old.iter().zip(&mut pairs) {
            let candidates = names.get(old.name()).unwrap_or(&no_other).iter();
            let fits = |&&at: &&usize| !taken[at] && (!strict || new[at].origin() == old.origin());
            if pair.is_none()
                && let Some(&at) = candidates.clone().find(fits)
            {
                (*pair, taken[at]) = (Some(Pair { new: at, naming: Naming::Same }), true);
            }
        }
    }
    for (old, pair) in old.iter().zip(&mut pairs) {
        let candidates = aliases.get(old.name()).unwrap_or(&no_other);
        if pair.is_none()
            && let Some(&at) = candidates.iter().find(|&&at| !taken[at])
        {
            (*pair, taken[at]) = (Some(Pair { new: at, naming: Naming::Alias }), true);
        }
    }
    let left: Vec<usize> = (0..new.len()).filter(|&at| !taken[at]).collect();
    for (old, pair) in old.iter().zip(&mut pairs) {
        if pair.is_some() {
            continue;
        }
        let mut alike = left.iter().filter(|&&at| !taken[at] && alike(old, new[at]));
        if let (Some(&at), None) = (alike.next(), alike.next()) {
            (*pair, taken[at]) = (Some(Pair { new: at, naming: Naming::Silent }), true);
        }
    }
    pairs
}

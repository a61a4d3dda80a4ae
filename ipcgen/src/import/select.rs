//! The one struct that is meant by a name. Relies on `find` for what bears it and on `legacy` to tell whether they differ.

use super::compiler::{ALIGN, USE};
use super::dwarf::{At, Debug, Place};
use super::fault::Fault;
use super::find;
use super::legacy::{Legacy, Struct};
use super::types::{self, Shape};

/// Structs that differ and are told.
const MAX_TOLD: usize = 20;

/// Reads the struct that is meant by `NAME` or, of several, by `NAME@FILE:LINE`.
pub(super) fn select(debug: &Debug<'_>, record: &str) -> Result<Legacy, Fault> {
    let (name, place) = match record.split_once('@') {
        Some((name, place)) => (name.trim(), Some(place)),
        None => (record.trim(), None),
    };
    let keyword =
        ["struct ", "class ", "union ", "enum "].into_iter().find_map(|keyword| name.strip_prefix(keyword));
    let name = keyword.unwrap_or(name).trim().trim_start_matches("::");
    let mut found = find::named(debug, name)?;
    if found.entries.is_empty() {
        // Compilers write names in their own way: `Pair<int, 5>`.
        found.entries = find::named(debug, USE)?.entries;
    }
    let mut others = Vec::new();
    let mut seen = Vec::new();
    let mut kept: Vec<Legacy> = Vec::new();
    for entry in found.entries {
        let ty = types::at(debug, entry)?;
        let at = match ty.shape {
            Shape::Struct { at, .. } if ty.dims.is_empty() => at,
            Shape::Foreign { what, .. } => {
                others.push(what);
                continue;
            }
            _ => {
                others.push("no struct".to_owned());
                continue;
            }
        };
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        if place.is_some_and(|place| !is_at(debug, at, place)) {
            continue;
        }
        let legacy = Legacy::read(debug, at, find::own_name(name))?;
        if !kept.iter().any(|known| known.is_same(&legacy)) {
            kept.push(legacy);
        }
    }
    match (kept.len(), kept.pop()) {
        (1, Some(only)) if only.structs.last().is_some_and(Struct::is_empty) => {
            Err(Fault::new(format!("`{name}` has no members that take room"))
                .help("a record has at least one field"))
        }
        (1, Some(only)) => Ok(only),
        (0, _) | (_, None) if !seen.is_empty() => {
            let fault = Fault::new(format!("no `{name}` is declared at {}", place.unwrap_or_default()));
            let places = seen.iter().filter_map(|at| Some(described(debug, *at).ok()?.to_string()));
            Err(fault.notes(places).help(format!("write one of these places behind `{name}@`")))
        }
        (0, _) | (_, None) if !others.is_empty() => {
            Err(Fault::new(format!("`{name}` is {}", others[0])).help("only structs have a layout of fields"))
        }
        (0, _) | (_, None) => Err(unknown(debug, name, found.declared, found.split)?),
        (_, Some(last)) => {
            kept.push(last);
            Err(several(name, &kept))
        }
    }
}

/// How the compiler of a header aligns the struct, if it was asked.
pub(super) fn compiled_align(debug: &Debug<'_>) -> Result<Option<u64>, Fault> {
    let Some(&entry) = find::named(debug, ALIGN)?.entries.first() else { return Ok(None) };
    Ok(types::at(debug, entry)?.dims.first().copied())
}

fn described(debug: &Debug<'_>, at: At) -> Result<Place, Fault> {
    debug.place(&debug.entry(at)?)
}

/// Whether a struct is declared at `FILE:LINE`, of which the file's folders may be left out.
fn is_at(debug: &Debug<'_>, at: At, wanted: &str) -> bool {
    described(debug, at).is_ok_and(|place| {
        let place = place.to_string();
        place == wanted || place.ends_with(&format!("/{wanted}"))
    })
}

fn unknown(debug: &Debug<'_>, name: &str, declared: bool, split: bool) -> Result<Fault, Fault> {
    if split {
        let fault = Fault::new(format!("the file has no types: `{name}` is in a file of its own"));
        return Ok(fault.help("give the .dwo file, or compile without -gsplit-dwarf"));
    }
    if declared {
        let fault = Fault::new(format!("`{name}` is declared here, but its members are not"));
        return Ok(fault.help("give the header or the program that defines it, compiled with -g"));
    }
    let fault = Fault::new(format!("no struct is called `{name}`"));
    let near = find::near(debug, name)?;
    Ok(match &near[..] {
        [] => fault.help("a struct that the program does not use may have no debugging information"),
        [only] => fault.help(format!("did you mean `{only}`?")),
        many => fault.help(format!("did you mean one of `{}`?", many.join("`, `"))),
    })
}

fn several(name: &str, kept: &[Legacy]) -> Fault {
    let told = kept.iter().take(MAX_TOLD).filter_map(|legacy| legacy.structs.last());
    let notes = told.map(|structure| {
        let members = structure.fields.len() + structure.refused.len();
        let plural = if members == 1 { "" } else { "s" };
        format!("{}: {members} member{plural} in {} bytes", structure.place, structure.size)
    });
    let example =
        kept.first().and_then(|legacy| legacy.structs.last()).map(|structure| structure.place.to_string());
    Fault::new(format!("{} different structs are called `{name}`", kept.len()))
        .notes(notes)
        .help(format!("say which: `--record '{name}@{}'`", example.unwrap_or_default()))
}

//! The form of what other programs' segments and semaphores are called: addresses, System V keys, names of semaphores.
//! The rules are those of the runtime, whose `address.rs` and `key.rs` apply them again to the system. Relies on `text`
//! and `diag`; asks the system nothing, so a path in `ftok` need not exist here.

use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::Rule;
use crate::text::Text;
use crate::words;

/// What Linux allows for a path, in bytes (`PATH_MAX`, less its NUL).
const MAX_BYTES: usize = 4095;
/// What file systems allow for a name, in bytes (`NAME_MAX`).
const MAX_NAME_BYTES: usize = 255;
/// Behind the name of a segment's guard, which has to fit too.
const GUARD_SUFFIX: &str = ".guard";
/// Before the name of a semaphore's file.
const SEMAPHORE_PREFIX: &str = "sem.";
const KINDS: [&str; 4] = ["posix", "file", "sysv", "memfd"];

/// The address of a segment: `posix:/name`, `file:/path`, `sysv:KEY`, `memfd:NAME`.
pub(crate) fn address(text: &Text, found: &mut Diagnostics) -> Option<String> {
    words::check_characters(text, |_| false, found);
    let whole = text.value.as_str();
    let title = format!("`{}` is no address of a segment", whole.escape_debug());
    let Some((kind, rest)) = whole.split_once(':') else {
        let report = Diagnostic::new(Rule::BadAddress, text.span, title).label("no kind before a colon");
        found.push(report.help("such as `posix:/name`, `file:/path`, `sysv:0x1234`"));
        return None;
    };
    let why = match kind {
        "posix" => {
            let name = rest.strip_prefix('/').unwrap_or(rest);
            let of_semaphores = || "names starting with sem. belong to POSIX semaphores".to_owned();
            segment_fault(name).or_else(|| name.starts_with(SEMAPHORE_PREFIX).then(of_semaphores))
        }
        "file" => segment_fault(rest.rsplit('/').next().unwrap_or(rest)),
        "memfd" => segment_fault(rest),
        "sysv" => {
            if let Some(why) = key_fault(rest) {
                let place = text.place(kind.len() + 1, whole.len());
                found.push(Diagnostic::new(Rule::BadKey, place, title).label(why));
                return None;
            }
            None
        }
        other => {
            let report = Diagnostic::new(Rule::BadAddress, text.place(0, other.len()), title);
            let nearest = found.nearest(other, KINDS);
            let report = report.label("not a kind of segment").suggest(nearest);
            found.push(report.help(format!("kinds: {}", KINDS.join(", "))));
            return None;
        }
    };
    let why = why.or_else(|| (whole.len() > MAX_BYTES).then(|| format!("more than {MAX_BYTES} bytes")));
    match why {
        None => Some(whole.to_owned()),
        Some(why) => {
            let place = text.place(kind.len() + 1, whole.len());
            found.push(Diagnostic::new(Rule::BadAddress, place, title).label(why));
            None
        }
    }
}

/// A System V key as it stands behind `sysv:`.
pub(crate) fn key(text: &Text, found: &mut Diagnostics) -> Option<String> {
    words::check_characters(text, |_| false, found);
    let Some(why) = key_fault(&text.value) else { return Some(text.value.clone()) };
    let title = format!("`{}` is no System V key", text.value.escape_debug());
    found.push(Diagnostic::new(Rule::BadKey, text.span, title).label(why));
    None
}

/// The name of a POSIX semaphore, as `sem_open` takes it.
pub(crate) fn semaphore(text: &Text, found: &mut Diagnostics) -> Option<String> {
    words::check_characters(text, |_| false, found);
    let whole = text.value.as_str();
    let (name, slash) = whole.strip_prefix('/').map_or((whole, false), |name| (name, true));
    let fault = name_fault(name, MAX_NAME_BYTES - SEMAPHORE_PREFIX.len());
    let why = fault.clone().or_else(|| (!slash).then(|| "a name begins with a slash".to_owned()));
    let Some(why) = why else { return Some(whole.to_owned()) };
    let title = format!("`{}` is no name of a POSIX semaphore", whole.escape_debug());
    let report = Diagnostic::new(Rule::BadAddress, text.span, title).label(why);
    found.push(if fault.is_none() { report.help(format!("write `/{name}`")) } else { report });
    None
}

/// What is wrong with the last component of a segment's name or path, if anything.
fn segment_fault(name: &str) -> Option<String> {
    let of_guards = || format!("names ending in {GUARD_SUFFIX} belong to guard files");
    name_fault(name, MAX_NAME_BYTES - GUARD_SUFFIX.len())
        .or_else(|| name.ends_with(GUARD_SUFFIX).then(of_guards))
}

/// What is wrong with one component, of at most this many bytes, if anything.
fn name_fault(name: &str, longest: usize) -> Option<String> {
    if name.is_empty() {
        Some("the name is empty".into())
    } else if name.contains('/') {
        Some("a slash inside the name".into())
    } else if name == "." || name == ".." {
        Some(format!("`{name}` is a directory"))
    } else if name.len() > longest {
        Some(format!("{} bytes, at most {longest} fit", name.len()))
    } else {
        None
    }
}

/// What is wrong with the text of a key, if anything.
fn key_fault(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix("ftok(") else {
        return match number(text) {
            Ok(0) => Some("0 is IPC_PRIVATE, which names nothing".into()),
            Ok(_) => None,
            Err(why) => Some(why),
        };
    };
    match rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(',')) {
        None | Some(("", _)) => Some("expected ftok(/path,7)".into()),
        Some((path, _)) if path.len() > MAX_BYTES => Some(format!("a path of more than {MAX_BYTES} bytes")),
        Some((_, project)) => match number(project) {
            Ok(1..=255) => None,
            Ok(project) => Some(format!("the number in ftok is {project}, expected 1 to 255")),
            Err(why) => Some(why),
        },
    }
}

/// A decimal or hexadecimal number of 32 bits, or why it is none.
fn number(text: &str) -> Result<u32, String> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        Err("not a number without sign, such as 0x1234 or 4660".into())
    } else if radix == 10 && digits.len() > 1 && digits.starts_with('0') {
        Err("octal in C and decimal elsewhere: write it without the leading 0".into())
    } else {
        u32::from_str_radix(digits, radix).map_err(|_| "more than 32 bits".into())
    }
}

#[cfg(test)]
mod tests {
    use super::{key_fault, segment_fault};

    #[test]
    fn keys_are_those_of_the_runtime() {
        for key in ["0x1234", "0X12ab", "4660", "0xffffffff", "ftok(/a,b,7)", "ftok(/,0x7)"] {
            assert_eq!(key_fault(key), None, "{key}");
        }
        for key in ["", "0x", "0", "0x0", "-1", "+5", " 5", "12ab", "01", "4294967296", "ftok(", "ftok(/)"] {
            assert!(key_fault(key).is_some(), "{key}");
        }
        for key in ["ftok(,7)", "ftok(/,)", "ftok(/, 7)", "ftok(/,0)", "ftok(/,256)"] {
            assert!(key_fault(key).is_some(), "{key}");
        }
    }

    #[test]
    fn names_are_one_component() {
        let long = "n".repeat(250);
        let bad = ["", "a/b", "/", ".", "..", "quotes.guard", long.as_str()];
        assert!(bad.iter().all(|name| segment_fault(name).is_some()));
        assert!(["quotes.v2", &long[1..]].iter().all(|name| segment_fault(name).is_none()));
    }
}

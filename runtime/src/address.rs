//! Addresses: `posix:/name`, `file:/path`, `sysv:key` and `memfd:name`, parsed and printed. Relies on `error` and `key`; opens nothing.

use std::fmt;
use std::path::PathBuf;

use shmrecord_layout::abi::GUARD_SUFFIX;

use crate::error::{At, Error, ErrorKind, Result};
use crate::guard::role::{GuardName, GuardPlace};
use crate::key::Key;
use crate::region::named::POSIX_DIRECTORY;
use crate::region::{Place, memfd};

/// What file systems allow for one component of a path, in bytes (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Where a segment is: its address as written, and the files behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    place: Place,
}

impl Address {
    /// Parses `posix:/name` (or `posix:name`), `file:/path`, `memfd:name`, or `sysv:` and a key.
    ///
    /// # Errors
    /// [`ErrorKind::BadAddress`] for another kind, [`ErrorKind::BadName`] for a name that breaks a rule of its kind,
    /// [`ErrorKind::BadKey`] for a key that is none.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let fail = |kind, why: String| Err(Error::new(kind, "parse address", text).detail(why));
        let Some((kind, rest)) = text.split_once(':') else {
            return fail(ErrorKind::BadAddress, "no kind before a colon".into());
        };
        let path = match kind {
            "posix" => {
                let name = rest.strip_prefix('/').unwrap_or(rest);
                if name.contains('/') {
                    return fail(ErrorKind::BadName, "a slash inside the name".into());
                }
                if name.starts_with("sem.") {
                    let why = "names starting with sem. belong to POSIX semaphores";
                    return fail(ErrorKind::BadName, why.into());
                }
                // Not `join`: an empty name must stay visible as one.
                PathBuf::from(format!("{POSIX_DIRECTORY}/{name}"))
            }
            "file" => PathBuf::from(rest),
            "sysv" => {
                let key = Key::parse(&At { operation: "parse address", subject: &text }, rest)?;
                return Ok(Self { text: text.into(), place: Place::Sysv(key) });
            }
            "memfd" => {
                if rest.contains('/') {
                    return fail(ErrorKind::BadName, "a slash inside the name".into());
                }
                if let Some(why) = component_fault(rest) {
                    return fail(ErrorKind::BadName, why);
                }
                return Ok(Self { text: text.into(), place: Place::Memfd(rest.into()) });
            }
            other => {
                let why = format!("kind `{other}` is unknown");
                return fail(ErrorKind::BadAddress, why);
            }
        };
        if let Some(why) = component_fault(rest) {
            return fail(ErrorKind::BadName, why);
        }
        let text =
            if kind == "posix" && !rest.starts_with('/') { format!("posix:/{rest}") } else { text.into() };
        Ok(Self { text, place: Place::Named(path) })
    }

    /// Where the segment is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether it names a file that a file system on a disk may hold: `file:`.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.text.starts_with("file:")
    }

    /// Where its guard is: a file or memfd beside it, or a semaphore set under its key.
    pub(crate) fn guard(&self) -> GuardPlace {
        match &self.place {
            Place::Named(path) => {
                let mut path = path.clone().into_os_string();
                path.push(GUARD_SUFFIX);
                GuardPlace::File(GuardName::Path(path.into()))
            }
            Place::Memfd(name) => GuardPlace::File(GuardName::Memfd(memfd::guard_name(name))),
            Place::Sysv(key) => GuardPlace::Set(*key),
        }
    }
}

/// What is wrong with the last component of a name or path, if anything.
fn component_fault(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or("");
    let longest = NAME_MAX - GUARD_SUFFIX.len();
    if path.contains('\0') {
        Some("a NUL inside the name".into())
    } else if path.contains(char::is_control) {
        Some("a control character inside the name".into())
    } else if name.is_empty() {
        Some("the name is empty".into())
    } else if name == "." || name == ".." {
        Some(format!("`{name}` is a directory"))
    } else if name.len() > longest {
        let length = name.len();
        Some(format!("{length} bytes, at most {longest} fit beside the {GUARD_SUFFIX} of its guard file"))
    } else if name.ends_with(GUARD_SUFFIX) {
        Some(format!("names ending in {GUARD_SUFFIX} belong to guard files"))
    } else {
        None
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, GuardName, GuardPlace, Place};

    #[test]
    fn addresses_lead_to_files() {
        for (text, printed, path) in [
            ("posix:/quotes", "posix:/quotes", "/dev/shm/quotes"),
            ("posix:quotes", "posix:/quotes", "/dev/shm/quotes"),
            ("file:/var/lib/quotes", "file:/var/lib/quotes", "/var/lib/quotes"),
            ("file:quotes", "file:quotes", "quotes"),
            ("file:a:b/c", "file:a:b/c", "a:b/c"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), printed);
            assert_eq!(*address.place(), Place::Named(path.into()));
            let guard = GuardName::Path(format!("{path}.guard").into());
            assert_eq!(address.guard(), GuardPlace::File(guard));
        }
        for kind in ["posix:/", "memfd:"] {
            assert!(Address::parse(&format!("{kind}{}", "n".repeat(249))).is_ok());
        }
        let address = Address::parse("memfd:a:b").unwrap();
        assert_eq!(
            (address.to_string().as_str(), address.place()),
            ("memfd:a:b", &Place::Memfd("a:b".into()))
        );
        assert_eq!(address.guard(), GuardPlace::File(GuardName::Memfd("a:b.guard".into())));
    }

    #[test]
    fn bad_addresses_say_why() {
        let long = format!("posix:/{}", "n".repeat(250));
        for (text, words) in [
            ("", "no kind before a colon"),
            ("quotes", "no kind before a colon"),
            ("shm:/quotes", "kind `shm` is unknown"),
            ("posix:", "the name is empty"),
            ("posix:/", "the name is empty"),
            ("posix://", "a slash inside the name"),
            ("posix:/a/b", "a slash inside the name"),
            ("posix:/.", "`.` is a directory"),
            ("posix:..", "`..` is a directory"),
            ("posix:/a\0b", "a NUL inside the name"),
            ("posix:/a.guard", "belong to guard files"),
            ("posix:/sem.a", "belong to POSIX semaphores"),
            ("posix:/a\x1bb", "a control character inside the name"),
            ("file:", "the name is empty"),
            ("file:/tmp/", "the name is empty"),
            ("file:/tmp/..", "`..` is a directory"),
            ("memfd:", "the name is empty"),
            ("memfd:/a", "a slash inside the name"),
            ("memfd:..", "`..` is a directory"),
            ("memfd:a.guard", "belong to guard files"),
            (long.as_str(), "250 bytes, at most 249 fit"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}

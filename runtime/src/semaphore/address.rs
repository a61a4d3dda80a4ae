//! Addresses of semaphores: `posix:/name` and `sysv:KEY`, parsed. Relies on `error` and `key`; opens nothing.

use std::path::{Path, PathBuf};

use crate::error::{At, ErrorKind, Result};
use crate::key::Key;

/// Where glibc keeps named semaphores, and what it puts before their names (`sem_overview(7)`).
pub(super) const DIRECTORY: &str = "/dev/shm";
const PREFIX: &str = "sem.";
/// What file systems allow for one component of a path, in bytes (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Where a semaphore is: its address for messages, and what the system calls it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) text: String,
    pub(super) place: Place,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The file behind a POSIX name.
    Posix(PathBuf),
    Sysv(Key),
}

impl Address {
    /// Parses `posix:/name` (or `posix:name`) or `sysv:KEY`.
    ///
    /// # Errors
    /// [`ErrorKind::BadAddress`] for another kind, [`ErrorKind::BadName`] and [`ErrorKind::BadKey`] for what breaks a rule
    /// of its kind; those of [`Key::parse`].
    pub(super) fn parse(text: &str) -> Result<Self> {
        let at = At { operation: "parse address", subject: &text };
        match text.split_once(':') {
            Some(("posix", rest)) => {
                let name = rest.strip_prefix('/').unwrap_or(rest);
                if let Some(why) = name_fault(name) {
                    return Err(at.error(ErrorKind::BadName).detail(why));
                }
                let path = Path::new(DIRECTORY).join(format!("{PREFIX}{name}"));
                Ok(Self { text: format!("posix:/{name}"), place: Place::Posix(path) })
            }
            Some(("sysv", key)) => Ok(Self { text: text.into(), place: Place::Sysv(Key::parse(&at, key)?) }),
            Some((other, _)) => {
                let why = format!("kind `{other}`, but semaphores are posix:/name or sysv:0x1234");
                Err(at.error(ErrorKind::BadAddress).detail(why))
            }
            None => Err(at.error(ErrorKind::BadAddress).detail("no kind before a colon")),
        }
    }
}

/// What is wrong with the name of a POSIX semaphore, if anything.
fn name_fault(name: &str) -> Option<String> {
    let (length, longest) = (name.len(), NAME_MAX - PREFIX.len());
    if name.is_empty() {
        Some("the name is empty".into())
    } else if name.contains('/') {
        Some("a slash inside the name".into())
    } else if name.contains('\0') {
        Some("a NUL inside the name".into())
    } else if name == "." || name == ".." {
        Some(format!("`{name}` is a directory"))
    } else if length > longest {
        Some(format!("{length} bytes, at most {longest} fit behind the `{PREFIX}` of its file"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, ErrorKind, Place};

    #[test]
    fn names_lead_to_the_files_of_glibc() {
        for text in ["posix:/quotes", "posix:quotes"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.text, "posix:/quotes");
            assert_eq!(address.place, Place::Posix("/dev/shm/sem.quotes".into()));
        }
        assert!(Address::parse(&format!("posix:/{}", "n".repeat(251))).is_ok());
    }

    #[test]
    fn keys_stay_as_written() {
        let address = Address::parse("sysv:0x1234").unwrap();
        assert_eq!(address.text, "sysv:0x1234");
        assert!(matches!(address.place, Place::Sysv(key) if key.raw() == 0x1234));
    }

    #[test]
    fn bad_addresses_say_why() {
        let long = format!("posix:/{}", "n".repeat(252));
        for (text, kind, words) in [
            ("", ErrorKind::BadAddress, "no kind before a colon"),
            ("quotes", ErrorKind::BadAddress, "no kind before a colon"),
            (
                "file:/quotes",
                ErrorKind::BadAddress,
                "kind `file`, but semaphores are posix:/name or sysv:0x1234",
            ),
            ("posix:", ErrorKind::BadName, "the name is empty"),
            ("posix:/", ErrorKind::BadName, "the name is empty"),
            ("posix://a", ErrorKind::BadName, "a slash inside the name"),
            ("posix:/a/b", ErrorKind::BadName, "a slash inside the name"),
            ("posix:/.", ErrorKind::BadName, "`.` is a directory"),
            ("posix:..", ErrorKind::BadName, "`..` is a directory"),
            ("posix:/a\0b", ErrorKind::BadName, "a NUL inside the name"),
            (long.as_str(), ErrorKind::BadName, "252 bytes, at most 251 fit"),
            ("sysv:", ErrorKind::BadKey, "`` is not a number"),
            ("sysv:quotes", ErrorKind::BadKey, "`quotes` is not a number"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(*error.kind(), kind, "{text:?}");
            assert!(error.to_string().contains(words), "{text:?}: {error}");
        }
    }
}

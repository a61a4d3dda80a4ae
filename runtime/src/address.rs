//! Addresses: `posix:/name` and `file:/path`, parsed and printed. Relies on `error`; opens nothing.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use shmrecord_layout::abi::GUARD_SUFFIX;

use crate::error::{Error, ErrorKind, Result};

/// Where POSIX shared memory is mounted on Linux (`shm_overview(7)`).
const POSIX_DIRECTORY: &str = "/dev/shm";
/// What file systems allow for one component of a path, in bytes (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Where a segment is: its address as written, and the files behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    text: String,
    path: PathBuf,
}

impl Address {
    /// Parses `posix:/name` (or `posix:name`) or `file:/path`.
    ///
    /// # Errors
    /// [`ErrorKind::BadAddress`] for another kind, [`ErrorKind::BadName`] for a name that breaks a rule of its kind.
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
                // Not `join`: an empty name must stay visible as one.
                PathBuf::from(format!("{POSIX_DIRECTORY}/{name}"))
            }
            "file" => PathBuf::from(rest),
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
        Ok(Self { text, path })
    }

    /// The file of the segment.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the guard beside it.
    pub(crate) fn guard_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(GUARD_SUFFIX);
        path.into()
    }

    /// The directory of both files.
    pub(crate) fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }
}

/// What is wrong with the last component of a name or path, if anything.
fn component_fault(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or("");
    let longest = NAME_MAX - GUARD_SUFFIX.len();
    if path.contains('\0') {
        Some("a NUL inside the name".into())
    } else if name.is_empty() {
        Some("the name is empty".into())
    } else if name == "." || name == ".." {
        Some(format!("`{name}` is a directory"))
    } else if name.len() > longest {
        let length = name.len();
        Some(format!("{length} bytes, at most {longest} fit beside the {GUARD_SUFFIX} of its guard file"))
    } else if OsStr::new(name).to_str().is_some_and(|name| name.ends_with(GUARD_SUFFIX)) {
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
    use super::{Address, Path};

    #[test]
    fn addresses_lead_to_files() {
        for (text, printed, path, directory) in [
            ("posix:/quotes", "posix:/quotes", "/dev/shm/quotes", "/dev/shm"),
            ("posix:quotes", "posix:/quotes", "/dev/shm/quotes", "/dev/shm"),
            ("file:/var/lib/quotes", "file:/var/lib/quotes", "/var/lib/quotes", "/var/lib"),
            ("file:quotes", "file:quotes", "quotes", "."),
            ("file:a:b/c", "file:a:b/c", "a:b/c", "a:b"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), printed);
            assert_eq!(address.path(), Path::new(path));
            assert_eq!(address.directory(), Path::new(directory));
            assert_eq!(address.guard_path(), Path::new(&format!("{path}.guard")));
        }
        assert!(Address::parse(&format!("posix:/{}", "n".repeat(249))).is_ok());
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
            ("file:", "the name is empty"),
            ("file:/tmp/", "the name is empty"),
            ("file:/tmp/..", "`..` is a directory"),
            (long.as_str(), "250 bytes, at most 249 fit"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}

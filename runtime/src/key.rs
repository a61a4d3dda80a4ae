//! System V keys: `0x1234`, `4660`, `ftok(/path,7)`, parsed and printed. Relies on `error` and on `ftok(3)`; knows neither
//! segments nor semaphores.
//!
//! A key is what the user wrote, or what `ftok` makes of a file that exists. It is never a hash of a name: two names with
//! one hash would silently be one object.

#![expect(unsafe_code, reason = "ftok, which std does not offer")]

use std::ffi::CString;
use std::fmt;
use std::io;

use crate::error::{At, Error, ErrorKind, Result};

/// A key that names something: any of the 32 bits but 0, which is `IPC_PRIVATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    /// Parses what stands behind `sysv:`.
    ///
    /// `ftok(/path,7)` is what C programs get from `ftok("/path", 7)`: 8 bits of the number, 8 of the file's device, 16 of
    /// its inode. So the file must exist and stay the same file, and two files may have one key: about one pair in 65536
    /// of the same device and number. A key written as a number has neither weakness.
    ///
    /// # Errors
    /// [`ErrorKind::BadKey`] for 0, what is no number, or a number past 32 bits; the errors of `stat(2)` for `ftok`.
    pub(crate) fn parse(at: &At<'_>, text: &str) -> Result<Self> {
        let bits = match text.strip_prefix("ftok(") {
            Some(rest) => ftok(at, rest)?,
            None => number(text).map_err(|why| bad_key(at, why))?,
        };
        if bits == 0 {
            return Err(bad_key(at, "0 is IPC_PRIVATE, which names nothing"));
        }
        Ok(Self(bits))
    }

    /// The key as system calls take it.
    pub(crate) fn raw(self) -> libc::key_t {
        self.0.cast_signed()
    }
}

/// A decimal or hexadecimal number of 32 bits, or why it is none.
fn number(text: &str) -> std::result::Result<u32, String> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        Err(format!("`{text}` is not a number without sign, such as 0x1234 or 4660"))
    } else if radix == 10 && digits.len() > 1 && digits.starts_with('0') {
        Err(format!("`{text}` is octal in C and decimal elsewhere: write it without the leading 0"))
    } else {
        u32::from_str_radix(digits, radix).map_err(|_| format!("`{text}` has more than 32 bits"))
    }
}

/// `ftok(3)` of what stands behind `ftok(`.
fn ftok(at: &At<'_>, rest: &str) -> Result<u32> {
    let Some((path, project)) = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(',')) else {
        return Err(bad_key(at, "expected ftok(/path,7)"));
    };
    let project = number(project).map_err(|why| bad_key(at, why))?;
    let Ok(project @ 1..) = u8::try_from(project) else {
        return Err(bad_key(at, format!("the number in ftok is {project}, expected 1 to 255")));
    };
    let path = CString::new(path).map_err(|_| bad_key(at, "a NUL inside the path"))?;
    // SAFETY: the path ends in NUL and lives across the call, which does not keep it.
    let key = unsafe { libc::ftok(path.as_ptr(), project.into()) };
    if key == -1 {
        return Err(at.os("stat of the path in ftok", &io::Error::last_os_error()));
    }
    Ok(key.cast_unsigned())
}

#[cold]
fn bad_key(at: &At<'_>, why: impl Into<String>) -> Error {
    at.error(ErrorKind::BadKey).detail(why)
}

impl fmt::Display for Key {
    /// As `ipcs` prints it: `0x00001234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::{At, ErrorKind, Key};

    fn parse(text: &str) -> crate::Result<Key> {
        Key::parse(&At { operation: "parse address", subject: &format!("sysv:{text}") }, text)
    }

    #[test]
    fn keys_are_numbers_of_32_bits() {
        for (text, raw, printed) in [
            ("0x1234", 0x1234, "0x00001234"),
            ("0X12ab", 0x12ab, "0x000012ab"),
            ("4660", 4660, "0x00001234"),
            ("2147483648", i32::MIN, "0x80000000"),
            ("0xffffffff", -1, "0xffffffff"),
            ("4294967295", -1, "0xffffffff"),
            ("0x0000000000001234", 0x1234, "0x00001234"),
        ] {
            let key = parse(text).unwrap();
            assert_eq!((key.raw(), key.to_string().as_str()), (raw, printed), "{text}");
        }
    }

    #[test]
    fn ftok_is_the_one_of_c_programs() {
        for path in ["/", "/proc/self/exe", "/tmp"] {
            let facts = std::fs::metadata(path).unwrap();
            let expected = 7 << 24 | (facts.dev() & 0xff) << 16 | facts.ino() & 0xffff;
            let key = parse(&format!("ftok({path},7)")).unwrap();
            assert_eq!(u64::from(key.0), expected, "{path}");
            assert_eq!(parse(&format!("ftok({path},0x7)")).unwrap(), key);
        }
    }

    #[test]
    fn bad_keys_say_why() {
        for (text, words) in [
            ("", "`` is not a number"),
            ("0x", "`0x` is not a number"),
            ("0", "0 is IPC_PRIVATE"),
            ("0x0", "0 is IPC_PRIVATE"),
            ("-1", "`-1` is not a number without sign"),
            ("+5", "`+5` is not a number"),
            (" 5", "` 5` is not a number"),
            ("quotes", "`quotes` is not a number"),
            ("12ab", "`12ab` is not a number"),
            ("01234", "`01234` is octal in C"),
            ("4294967296", "`4294967296` has more than 32 bits"),
            ("0x100000000", "`0x100000000` has more than 32 bits"),
            ("ftok(", "expected ftok(/path,7)"),
            ("ftok(/)", "expected ftok(/path,7)"),
            ("ftok(/,7", "expected ftok(/path,7)"),
            ("ftok(/,)", "`` is not a number"),
            ("ftok(/, 7)", "` 7` is not a number"),
            ("ftok(/,0)", "the number in ftok is 0, expected 1 to 255"),
            ("ftok(/,256)", "the number in ftok is 256, expected 1 to 255"),
            ("ftok(/a\0b,7)", "a NUL inside the path"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::BadKey, "{text:?}");
            assert!(error.to_string().contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn ftok_needs_its_file() {
        let error = parse("ftok(/no/such/file,7)").unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NotFound);
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }
}

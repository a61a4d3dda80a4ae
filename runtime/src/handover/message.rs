//! The bytes of a message that hands a memfd over: what its name is, and how many descriptors go with it. Relies on
//! `docs/FORMAT.md`, which has the same offsets; knows no socket.

/// Bytes of a message.
pub(super) const BYTES: usize = 272;

/// The first bytes: what it is, and in which form.
const MAGIC: &[u8; 8] = b"SHMRHND1";
/// Where the number of descriptors is: u32. Four zeros follow.
const COUNT: usize = 8;
/// Where the name is, with zeros up to the end.
const NAME: usize = 16;

/// A message for this many descriptors.
pub(super) fn encode(name: &str, descriptors: usize) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..COUNT].copy_from_slice(MAGIC);
    bytes[COUNT] = u8::try_from(descriptors).expect("one or two");
    bytes[NAME..NAME + name.len()].copy_from_slice(name.as_bytes());
    bytes
}

/// Name and number of descriptors in a message of which `length` bytes came, more than there was room for if it `is_cut`;
/// or what is wrong with it. The name is not checked further.
pub(super) fn decode(bytes: &[u8; BYTES], length: usize, is_cut: bool) -> Result<(String, usize), String> {
    if is_cut {
        return Err(format!("more than {BYTES} bytes, {BYTES} expected"));
    }
    if length != BYTES {
        return Err(format!("{length} bytes, {BYTES} expected"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err("it does not begin with SHMRHND1".into());
    }
    let count = match &bytes[COUNT..NAME] {
        [count @ (1 | 2), 0, 0, 0, 0, 0, 0, 0] => usize::from(*count),
        _ => return Err("it announces neither one descriptor nor two".into()),
    };
    let name = &bytes[NAME..];
    let end = name.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    match str::from_utf8(&name[..end]) {
        Ok(name) => Ok((name.into(), count)),
        Err(_) => Err("its name is no UTF-8".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, COUNT, NAME, decode, encode};

    #[test]
    fn what_is_encoded_is_decoded() {
        let longest = "n".repeat(249);
        for (name, count) in [("a", 1), ("größer", 2), (longest.as_str(), 2)] {
            assert_eq!(decode(&encode(name, count), BYTES, false), Ok((name.to_owned(), count)));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let bad = |change: fn(&mut [u8; BYTES]), length, is_cut| {
            let mut bytes = encode("a", 1);
            change(&mut bytes);
            decode(&bytes, length, is_cut).unwrap_err()
        };
        for (found, words) in [
            (bad(|_| (), BYTES, true), "more than 272 bytes"),
            (bad(|_| (), 271, false), "271 bytes, 272 expected"),
            (bad(|bytes| bytes[7] = b'2', BYTES, false), "does not begin with SHMRHND1"),
            (bad(|bytes| bytes[COUNT] = 0, BYTES, false), "neither one descriptor nor two"),
            (bad(|bytes| bytes[COUNT] = 3, BYTES, false), "neither one descriptor nor two"),
            (bad(|bytes| bytes[NAME - 1] = 1, BYTES, false), "neither one descriptor nor two"),
            (bad(|bytes| bytes[NAME] = 0xff, BYTES, false), "no UTF-8"),
        ] {
            assert!(found.contains(words), "{found}");
        }
    }
}

//! Bytes that somebody hostile made of valid ones. Relies on the random numbers of ipcgen's tests; knows no format: who
//! calls says where numbers stand.

use std::ops::Range;

use crate::random::Random;

/// Numbers at the edges of what somebody may have had in mind.
pub(crate) const EDGES: [u64; 32] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    63,
    64,
    127,
    128,
    255,
    256,
    639,
    640,
    4095,
    4096,
    0x7fff,
    0xffff,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 48,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 7,
    u64::MAX - 1,
    u64::MAX,
];

/// A number in the bytes: where, and how many bytes it takes.
pub(crate) type Number = (usize, usize);

/// The numbers of these widths that stand one behind the other from here on.
pub(crate) fn numbers(start: usize, widths: &[usize]) -> Vec<Number> {
    let places = widths.iter().scan(start, |at, &width| {
        *at += width;
        Some((*at - width, width))
    });
    places.collect()
}

/// A random word.
pub(crate) fn word(random: &mut Random) -> u64 {
    let mut half = || random.below(1 << 31) as u64;
    half() << 42 ^ half() << 21 ^ half()
}

/// A number as somebody hostile has it who knows this one.
pub(crate) fn number(random: &mut Random, now: u64, others: &[u64]) -> u64 {
    match random.below(10) {
        0 => now.wrapping_add(1),
        1 => now.wrapping_sub(1),
        2 => now ^ 1 << random.below(64),
        3 => now.wrapping_mul(2),
        4 => now.wrapping_neg(),
        5 => word(random),
        6 if !others.is_empty() => others[random.below(others.len())].wrapping_add(random.below(3) as u64),
        _ => EDGES[random.below(EDGES.len())],
    }
}

/// Changes one of these numbers.
pub(crate) fn change_number(random: &mut Random, bytes: &mut [u8], places: &[Number]) {
    let (at, width) = places[random.below(places.len())];
    let Some(place) = bytes.get_mut(at..at + width) else { return };
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(place);
    let changed = number(random, u64::from_le_bytes(wide), &[]).to_le_bytes();
    place.copy_from_slice(&changed[..width]);
}

/// Changes something in this part of the bytes, whatever it means; their length stays.
pub(crate) fn change(random: &mut Random, bytes: &mut [u8], part: Range<usize>) {
    let bytes = &mut bytes[part];
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let length = (1 << random.below(7)).min(bytes.len() - at);
    match random.below(7) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = EDGES[random.below(14)].to_le_bytes()[0],
        2 => bytes[at..at + length].fill(EDGES[random.below(14)].to_le_bytes()[0]),
        3 => {
            let from = random.below(bytes.len() - length + 1);
            bytes.copy_within(from..from + length, at);
        }
        4 => bytes[at..at + length].fill_with(|| word(random).to_le_bytes()[0]),
        width => {
            let width = [4, 8][width - 5];
            let aligned = at / width * width;
            change_number(random, bytes, &[(aligned, width)]);
        }
    }
}

/// As [`change`], and perhaps cuts, doubles or lengthens them: what is a text, or a message of any length.
pub(crate) fn change_length(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    let length = random.below(bytes.len() - at + 1).min(1 << random.below(9));
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + length)),
        2 => {
            let copy = bytes[at..at + length].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        3 => bytes.insert(at, word(random).to_le_bytes()[0]),
        4 => bytes.resize(bytes.len() + length, 0),
        _ => {
            let all = 0..bytes.len();
            change(random, bytes, all);
        }
    }
}

/// Bytes that were never anything.
pub(crate) fn arbitrary(random: &mut Random, most: usize) -> Vec<u8> {
    (0..random.below(most + 1)).map(|_| word(random).to_le_bytes()[0]).collect()
}

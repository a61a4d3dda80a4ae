//! One record's protocol: a version word and its cells. Relies on `sync`, `copy` and, for one cell, `log`; knows no
//! mapping.
//!
//! With one cell the version word is even when the cell is whole, odd while it is overwritten; its half is the version.
//! A write completes the new value in the log first, so that one of the two can be read at every moment, for ever if the
//! writer dies there. With K cells the version word is the version; version `v` lies in cell `v mod K`, so that a write
//! touches the cell that has been out of use the longest. `docs/FORMAT.md` has both in pseudo-code.
//!
//! Why a read that passes its check is whole: had it loaded a word of a later write, that word's relaxed store would lie
//! behind the writer's release fence, so the load followed by the reader's acquire fence would make what the writer
//! stored before visible: the log's odd sequence, the odd version, or for K cells a version at least `a + K - 1`. The
//! check behind the fence would then fail.

use crate::guard::copy;
use crate::guard::log::Log;
use crate::sync::{AtomicU64, Ordering, fence};

/// Publishes `words` as the next version of record `index`, one cell. Only the holder of the role may call this.
#[inline(always)]
pub(crate) fn write_logged(
    version: &AtomicU64,
    cell: &[AtomicU64],
    log: &Log<'_>,
    index: u64,
    words: &[u64],
) {
    copy::will_store(cell);
    // Only this writer stores here. Recovery leaves it even; the mask keeps a word that somebody else made odd usable.
    let now = version.load(Ordering::Relaxed) & !1;
    let target = now.wrapping_add(2);
    log.stage(index, target, words);
    version.store(now.wrapping_add(1), Ordering::Relaxed);
    // Pairs with the acquire fence behind a reader's copy of the cell: a reader that saw a word of the new value sees
    // the odd version too.
    fence(Ordering::Release);
    copy::store(words, cell);
    // Pairs with the acquire fence behind a reader's first load: who sees this version sees the whole cell.
    version.store(target, Ordering::Release);
}

/// One attempt to read a slot that is at rest, one cell. The version of the value that `load` copied out of the cell, or `None`:
/// it is being written, or was meanwhile.
#[inline(always)]
pub(crate) fn read_at_rest(
    version: &AtomicU64,
    cell: &[AtomicU64],
    load: impl FnOnce(&[AtomicU64]),
) -> Option<u64> {
    let seen = version.load(Ordering::Relaxed);
    if seen & 1 == 1 {
        return None;
    }
    // Pairs with the writer's release store of the version.
    fence(Ordering::Acquire);
    load(cell);
    // Pairs with the writer's release fence between the odd version and the cell's words.
    fence(Ordering::Acquire);
    (version.load(Ordering::Relaxed) == seen).then_some(seen / 2)
}

/// One attempt to read a slot that is being written, or whose writer died there: with the log's help. The version of the
/// value that `load` copied out of a cell, or `None`: it is at rest, or the log holds something else.
pub(crate) fn read_under_way(
    version: &AtomicU64,
    cell: &[AtomicU64],
    log: &Log<'_>,
    index: u64,
    load: impl FnOnce(&[AtomicU64]),
) -> Option<u64> {
    let odd = odd(version)?;
    log.read(index, odd, cell, load).map(|word| word / 2)
}

/// One attempt to tell the version of a slot that is being written, or whose writer died there: of the value that reading
/// it gives. `None`: it is at rest, or the log moved meanwhile.
pub(crate) fn version_under_way(version: &AtomicU64, log: &Log<'_>) -> Option<u64> {
    let odd = odd(version)?;
    let word = log.version(odd)?;
    // Behind the fences in `version`: had the log moved on before it was looked at, this would show it.
    (version.load(Ordering::Relaxed) == odd).then_some(word / 2)
}

/// The version word, if it is odd. The log is then loaded as it was when it became so, or later.
fn odd(version: &AtomicU64) -> Option<u64> {
    let seen = version.load(Ordering::Relaxed);
    // Pairs with the release fence in `begin`, which stands in front of the odd version: the loads from the log find that
    // sequence or a later one.
    fence(Ordering::Acquire);
    (seen & 1 == 1).then_some(seen)
}

/// Publishes `words` as the next version, K cells. Only the holder of the role may call this.
#[inline(always)]
pub(crate) fn write_cells<'a>(
    version: &AtomicU64,
    cells: u32,
    cell: impl FnOnce(u64) -> &'a [AtomicU64],
    words: &[u64],
) {
    let next = version.load(Ordering::Relaxed).wrapping_add(1);
    // Pairs with the acquire fence behind a reader's copy: a reader that saw a word of this write sees the version that
    // was published before it, which is too far from the one it started from.
    fence(Ordering::Release);
    copy::store(words, cell(next & u64::from(cells - 1)));
    // Pairs with the acquire fence behind a reader's first load.
    version.store(next, Ordering::Release);
}

/// One attempt to read, K cells. The version of the value that `load` copied out of its cell, or `None`: try again.
#[inline(always)]
pub(crate) fn read_cells<'a>(
    version: &AtomicU64,
    cells: u32,
    cell: impl FnOnce(u64) -> &'a [AtomicU64],
    load: impl FnOnce(&[AtomicU64]),
) -> Option<u64> {
    let seen = version.load(Ordering::Relaxed);
    // Pairs with the writer's release store of the version.
    fence(Ordering::Acquire);
    load(cell(seen & u64::from(cells - 1)));
    // Pairs with the writer's release fence in front of the words.
    fence(Ordering::Acquire);
    let after = version.load(Ordering::Relaxed);
    // The cell of version `a` is next overwritten by the write of `a + K`, which starts once `a + K - 1` is published.
    (after.wrapping_sub(seen) <= u64::from(cells) - 2).then_some(seen)
}

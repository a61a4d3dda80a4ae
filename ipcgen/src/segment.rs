//! A table `[segment.NAME]`, key by key: where the records of another program are. Relies on `table`, on `address` for
//! the form of names and keys, and on `guard`; does not know records, so not whether they fit.

use crate::address;
use crate::diag::{Diagnostic, Diagnostics};
use crate::guard;
use crate::model::Guard;
use crate::rules::Rule;
use crate::source::Spanned;
use crate::table::{Table, wrong};
use crate::words::{self, spanned};

/// No segment and no file of Linux is larger, and no offset in one.
pub(crate) const MAX_BYTES: u64 = i64::MAX.unsigned_abs();
/// The largest user id: the one behind it means "no user" to the system.
const MAX_UID: u32 = u32::MAX - 1;

/// A segment as it was written.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) name: Spanned<String>,
    pub(crate) doc: String,
    pub(crate) address: Option<String>,
    pub(crate) record: Option<Spanned<String>>,
    pub(crate) offset: Option<Spanned<u64>>,
    /// `None` for as many as fit.
    pub(crate) count: Option<Spanned<u64>>,
    pub(crate) stride: Option<Spanned<u64>>,
    /// At the place of its counter, or of the whole guard when it has none.
    pub(crate) guard: Option<Spanned<Guard>>,
    pub(crate) mode: Option<u32>,
    pub(crate) owner: Option<u32>,
    pub(crate) accept_unsealed: bool,
    pub(crate) timeout_ms: Option<u32>,
}

/// Reads everything that can be read, and reports everything that cannot.
pub(crate) fn read(name: Spanned<String>, mut table: Table<'_>, found: &mut Diagnostics) -> Segment {
    let address = table.required_string("address", found).and_then(|text| address::address(&text, found));
    let record = table.required_string("record", found).map(spanned);
    let why =
        "add `header = \"none\"`: a segment with a header of ours describes itself and needs no section";
    if !table.lacks("header", &[why], found) {
        table.word("header", "none", found);
    }
    let offset = table.number("offset", 0..=MAX_BYTES, found);
    let count = count(&mut table, found);
    let stride = table.number("stride", 1..=MAX_BYTES, found);
    let guard = guard::read(&mut table, found);
    let mode = mode(&mut table, found);
    let owner = table.number("owner", 0..=MAX_UID, found).map(|owner| owner.value);
    let accept_unsealed = table.boolean("accept_unsealed", found);
    let timeout_ms = table.number("timeout_ms", 0..=u32::MAX, found).map(|timeout| timeout.value);
    let doc = words::doc(&mut table, found);
    table.finish(found);
    Segment {
        name,
        doc,
        address,
        record,
        offset,
        count,
        stride,
        guard,
        mode,
        owner,
        accept_unsealed,
        timeout_ms,
    }
}

/// A number, or the word "rest".
fn count(table: &mut Table<'_>, found: &mut Diagnostics) -> Option<Spanned<u64>> {
    if !table.is_string("count") {
        return table.number("count", 1..=MAX_BYTES, found);
    }
    let text = table.string("count", found)?;
    if text.value != "rest" {
        let title = "`count` is a number or the word \"rest\"";
        found.push(Diagnostic::new(Rule::WrongValue, text.span, title).label("not \"rest\""));
    }
    None
}

/// Permission bits, which nobody writes in decimal on purpose: 666 is not 0o666.
fn mode(table: &mut Table<'_>, found: &mut Diagnostics) -> Option<u32> {
    let value = table.get("mode")?;
    let Some(integer) = value.get_ref().as_integer() else { return wrong("an octal integer", value, found) };
    let report = Diagnostic::new(Rule::BadMode, value.span().into(), "`mode` is from 0o600 to 0o777");
    let bits = u32::from_str_radix(integer.as_str(), 8).ok();
    let bits = bits.filter(|&bits| bits <= 0o777 && bits & 0o600 == 0o600);
    found.push(match (integer.radix(), bits) {
        (8, Some(bits)) => return Some(bits),
        (8, None) => report.label("0o600, and what others may on top"),
        (_, Some(bits)) => report.label("not in octal").help(format!("write `mode = 0o{bits:03o}`")),
        (_, None) => report.label("not in octal"),
    });
    None
}

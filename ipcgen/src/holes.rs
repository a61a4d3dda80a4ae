//! Padding that need not be: a warning where another order of the fields makes the record smaller, an error where the
//! record denies padding. Relies on `layout` for what there is.

use crate::diag::{Diagnostic, Diagnostics};
use crate::layout::{Frame, bytes};
use crate::record::{Field, Record};
use crate::rules::Rule;

/// Reports the holes of a record that was placed.
pub(crate) fn report(record: &Record, frame: &Frame, found: &mut Diagnostics) {
    let padding: u32 = frame.pads.iter().filter(|pad| !pad.asked).map(|pad| pad.size).sum();
    // Where fields came later, another order would be another layout to all older programs.
    let fixed = |field: &Field| field.offset.is_some() || field.since.is_some();
    let pinned = record.fields.iter().any(fixed);
    if padding == 0 || pinned && !record.deny_padding {
        return;
    }
    let content: u32 = frame.places.iter().map(|place| place.size).sum();
    // Every size is a multiple of its alignment, so with falling alignments there are no holes but the last.
    let tail = if pinned { padding } else { content.next_multiple_of(frame.align) - content };
    let name = &record.name.value;
    let left = if tail == 0 { "no padding".to_owned() } else { format!("{} of padding", bytes(tail)) };
    let order = format!("this order leaves {left}: {}", falling_alignments(record, frame));
    if record.deny_padding {
        let title = format!("record `{name}` denies padding and has {} of it", bytes(padding));
        let list: Vec<String> = frame
            .pads
            .iter()
            .filter(|pad| !pad.asked)
            .map(|pad| format!("{} at {}", bytes(pad.size), pad.offset))
            .collect();
        let report = Diagnostic::new(Rule::PaddingDenied, record.name.span, title).label(list.join(", "));
        let report = if tail < padding { report.help(order) } else { report };
        let filler = "fill it with a field of your own: `{ name = \"spare\", type = \"[u8; N]\" }`";
        found.push(if tail > 0 { report.help(filler) } else { report });
    } else if record.size.is_none() && tail < padding {
        let title = format!("record `{name}` has {} of padding", bytes(padding));
        let label = format!("another order saves {}", bytes(padding - tail));
        found.push(Diagnostic::new(Rule::Hole, record.name.span, title).label(label).help(order));
    }
}

/// The names of the fields, large alignments first, else as they stand.
fn falling_alignments(record: &Record, frame: &Frame) -> String {
    let mut order: Vec<usize> = (0..record.fields.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(frame.places[at].align));
    let names = order.iter().filter_map(|&at| record.fields[at].name.as_ref());
    names.map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}

//! The order in which records can be laid out: each behind those that it contains. Relies on `record` for names and places;
//! reports records that contain themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Element, Type};
use crate::record::Record;
use crate::rules::Rule;

/// Names of a cycle that are printed.
const MAX_CYCLE_NAMES: usize = 16;

/// Takes records whose parts have all been taken, the first in the schema first. What is left is in a cycle or contains
/// one.
pub(crate) fn order(
    records: &[Record],
    types: &[Vec<Option<Type>>],
    foreign: usize,
    found: &mut Diagnostics,
) -> Vec<usize> {
    // What is imported contains nothing of this schema, and so waits for nothing.
    let parts = |record: usize| {
        types[record].iter().flatten().filter_map(|ty| match ty.element {
            Element::Record(part) => part.checked_sub(foreign),
            _ => None,
        })
    };
    let mut users = vec![Vec::new(); records.len()];
    let mut missing = vec![0_usize; records.len()];
    for (record, missing) in missing.iter_mut().enumerate() {
        for part in parts(record) {
            users[part].push(record);
            *missing += 1;
        }
    }
    let mut ready: BinaryHeap<_> = (0..records.len()).filter(|&at| missing[at] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(records.len());
    while let Some(Reverse(record)) = ready.pop() {
        order.push(record);
        for &user in &users[record] {
            missing[user] -= 1;
            if missing[user] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    if order.len() < records.len() {
        // Following the first unfinished part from anywhere ends in a cycle; each is met once.
        let next = |record: usize| parts(record).find(|&part| missing[part] > 0);
        let mut seen_from = vec![None; records.len()];
        for start in (0..records.len()).filter(|&at| missing[at] > 0) {
            let mut at = start;
            while seen_from[at].is_none() {
                seen_from[at] = Some(start);
                match next(at) {
                    Some(part) => at = part,
                    None => break,
                }
            }
            if seen_from[at] == Some(start) && next(at).is_some() {
                let cycle =
                    std::iter::successors(Some(at), |&record| next(record).filter(|&part| part != at));
                report_cycle(records, &cycle.collect::<Vec<_>>(), found);
            }
        }
    }
    order
}

fn report_cycle(records: &[Record], cycle: &[usize], found: &mut Diagnostics) {
    let name = |&record: &usize| records[record].name.value.as_str();
    let first = cycle.iter().min().copied().unwrap_or(0);
    let start = cycle.iter().position(|&record| record == first).unwrap_or(0);
    let mut path: Vec<&str> = cycle[start..].iter().chain(&cycle[..start]).map(name).collect();
    if path.len() > MAX_CYCLE_NAMES {
        path.truncate(MAX_CYCLE_NAMES - 1);
        path.push("...");
    }
    path.push(name(&first));
    let title = format!("record `{}` contains itself", name(&first));
    let report = Diagnostic::new(Rule::Cycle, records[first].name.span, title);
    found.push(report.label(path.join(" -> ")));
}

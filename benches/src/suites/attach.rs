//! What it costs to attach to a table, read its first record and close it again: to a small one and to a sparse one of 4 GiB, for
//! each kind that is a file descriptor; beside `open`, `mmap`, a load, `munmap` and `close` of a file of 4 KiB there.

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;

use shmrecord::{Options, Reader};

use crate::bench::Bench;
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::Place;
use crate::report::{Cell, Row, Table};
use crate::sample::{Bytes64, Sample};
use crate::suites::cost::{Plain, beside};

const KINDS: [&str; 3] = ["posix", "memfd", "file"];
/// Records of a small table, and of one of 4 GiB and more.
const CAPACITIES: [usize; 2] = [16, (4 << 30) / size_of::<Bytes64>()];

pub(crate) fn suite(bench: &mut Bench) {
    let series = bench.own("attach to 4 GiB", trial, |place| {
        for kind in KINDS {
            let _ = shmrecord::remove(&address(kind, place));
            let _ = fs::remove_file(plain(kind, place));
        }
    });
    // Of each kind and capacity three figures: bare, ours, the ratio.
    let row = |(at, kind): (usize, &&str)| {
        let [small, large] = [6 * at, 6 * at + 3];
        let times = [small, small + 1, large + 1].map(|at| Cell::Number(series.median(at)));
        let ratios = [small + 2, large + 2].map(|at| Cell::Times(series.median(at)));
        Row { name: (*kind).to_owned(), cells: [&times[..], &ratios[..]].concat() }
    };
    bench.tables.push(Table {
        id: "attach".to_owned(),
        title: "To attach to a table of any size, read its first record and close it".to_owned(),
        about: "Microseconds, beside a file of 4 KiB that is opened, mapped, looked at and closed in the same place; how many times \
                that the small table and the sparse one of 4 GiB take.",
        columns: vec!["file µs", "16 records µs", "4 GiB µs", "16 records x", "4 GiB x"],
        rows: KINDS.iter().enumerate().map(row).collect(),
        notes: series.miss().iter().map(ToString::to_string).collect(),
        charted: None,
    });
}

fn address(kind: &str, place: &Place) -> String {
    match kind {
        "posix" => format!("posix:/{}", place.name()),
        "memfd" => format!("memfd:{}", place.name()),
        _ => format!("file:{}", std::env::temp_dir().join(place.name()).display()),
    }
}

/// Where a file lies that is of the same kind as the table.
fn plain(kind: &str, place: &Place) -> PathBuf {
    let name = format!("{}.plain", place.name());
    // A memfd is a file of the kind that is in /dev/shm.
    if kind == "file" { std::env::temp_dir().join(name) } else { PathBuf::from("/dev/shm").join(name) }
}

fn trial(place: &Place, effort: &Effort) -> Outcome {
    pair::alone(effort.patience, || {
        let mut figures = Vec::new();
        for kind in KINDS {
            let (file, address) = (Plain::at(plain(kind, place)), address(kind, place));
            file.fill()?;
            for capacity in CAPACITIES {
                let mut writer = Options::new().sparse(true).create::<Bytes64>(&address, capacity)?;
                writer.write(0, &Bytes64::filled(1))?;
                let attach = || {
                    black_box(Reader::<Bytes64>::open(&address)?.read(0)?);
                    Ok(())
                };
                figures.extend(beside(effort, || file.attach(), attach, || ())?);
                drop(writer);
                shmrecord::remove(&address)?;
            }
            fs::remove_file(plain(kind, place))?;
        }
        Ok(figures)
    })
}

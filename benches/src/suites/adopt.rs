//! What a read and a write of one record in another program's segment cost without a guard, beside a plain copy of the same
//! struct out of the same segment: by index, out of a mapping and within its bounds.

use std::fs::{self, File};
use std::hint::black_box;

use shmrecord::{Adopt, ForeignGuard, ShmRecord};

use crate::bench::Bench;
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::Place;
use crate::report::{Cell, Row, Table};
use crate::rounds::{median, per_call};
use crate::sample::{Aligned, Bytes32, Bytes64, Bytes256, Bytes4096, Quote, Sample};
use crate::suites::cost::mapped;

/// Bytes of the other program in front of its records.
const OFFSET: usize = 64;
const COUNT: usize = 16;

pub(crate) fn suite(bench: &mut Bench) {
    type Case = (&'static str, fn(&Place, &Effort) -> Outcome);
    let cases: [Case; 5] = [
        ("32 bytes: text, price, volume", |place, effort| trial(place, effort, Quote::filled)),
        ("32 bytes", |place, effort| trial(place, effort, Bytes32::filled)),
        ("64 bytes", |place, effort| trial(place, effort, Bytes64::filled)),
        ("256 bytes", |place, effort| trial(place, effort, Bytes256::filled)),
        ("4096 bytes", |place, effort| trial(place, effort, Bytes4096::filled)),
    ];
    let mut notes = Vec::new();
    let mut row = |(name, trial): Case| {
        // The segment is the bare file, which is always taken away.
        let series = bench.own(name, trial, |_| ());
        notes.extend(series.miss().map(|miss| format!("{name}: {miss}")));
        let times = [1, 2, 3].map(|at| Cell::Times(series.ratio(at, &series, 0)));
        let numbers = [0, 1, 2, 3].map(|at| Cell::Number(series.median(at)));
        let [copy, into, read, write] = numbers;
        Row { name: name.to_owned(), cells: vec![copy, into, times[0], read, times[1], write, times[2]] }
    };
    let rows = cases.into_iter().map(&mut row).collect();
    bench.tables.push(Table {
        id: "adopt".to_owned(),
        title: "A record of another program, without a guard".to_owned(),
        about: "Nanoseconds, beside a plain copy by index out of the same segment.",
        columns: vec![
            "plain copy ns",
            "read_into ns",
            "read_into x",
            "read ns",
            "read x",
            "write ns",
            "write x",
        ],
        rows,
        notes,
        charted: None,
    });
}

/// Nanoseconds of a plain copy, of `read_into`, `read` and `write`.
fn trial<T: ShmRecord>(place: &Place, effort: &Effort, filled: fn(u64) -> T) -> Outcome {
    pair::alone(effort.patience, || {
        let (path, bytes) = (place.plain(), size_of::<T>());
        fs::write(&path, vec![0; OFFSET + COUNT * bytes])?;
        let address = format!("posix:{}", path.trim_start_matches("/dev/shm"));
        let plain = Plain::<T>::open(&path)?;
        let table = Adopt::<T>::new(&address, ForeignGuard::None).offset(OFFSET as u64).count(COUNT as u64);
        let (reader, mut writer) = (table.open()?, table.open_writer()?);
        let mut target = Aligned(filled(0));
        let mut figures: [Vec<f64>; 4] = Default::default();
        for slice in 0..effort.slices {
            let copy = per_call(effort.calls, |_| {
                target.0 = black_box(&plain).copy(black_box(7)).expect("in range");
                black_box(&target);
            });
            let into = per_call(effort.calls, |_| {
                black_box(&reader).read_into(black_box(7), &mut target.0).expect("in range");
                black_box(&target);
            });
            let read = per_call(effort.calls, |_| {
                target.0 = black_box(&reader).read(black_box(7)).expect("in range");
                black_box(&target);
            });
            let value = Aligned(filled(slice as u64));
            let write = per_call(effort.calls, |_| {
                writer.write(black_box(7), &black_box(&value).0).expect("in range");
            });
            figures.iter_mut().zip([copy, into, read, write]).for_each(|(all, figure)| all.push(figure));
        }
        Ok(figures.map(median).into())
    })
}

/// A segment as a program maps it that does without this library.
struct Plain<T> {
    records: *const T,
    count: usize,
}

impl<T: ShmRecord> Plain<T> {
    /// Never unmapped: it is for this process.
    fn open(path: &str) -> std::io::Result<Self> {
        let length = OFFSET + COUNT * size_of::<T>();
        let base = mapped(&File::open(path)?, length, libc::PROT_READ, 0)?;
        // SAFETY: inside the mapping.
        let records = unsafe { base.byte_add(OFFSET) }.cast::<T>().cast_const();
        Ok(Self { records, count: COUNT })
    }

    fn copy(&self, index: usize) -> Option<T> {
        // SAFETY: inside the mapping, which is aligned to a page, and `OFFSET` to a record; nobody writes meanwhile, and any
        // bytes are a value of the types here.
        (index < self.count).then(|| unsafe { self.records.add(index).read() })
    }
}

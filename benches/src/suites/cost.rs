//! T9, T10: what a table costs before it is used: to attach to it, to create it, and the memory that it takes beside its records.
//! Beside the bare calls, which any program needs that has a segment.

use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::Instant;

use crate::bench::{Bench, Column, polled};
use crate::effort::Effort;
use crate::miss::{Miss, Outcome};
use crate::pair;
use crate::peers::list::{ALL, Kind};
use crate::peers::{Peer, Place, Read, Write};
use crate::rounds::median;
use crate::sample::Sample;
use crate::suites::Trial;
use crate::suites::prepared;

/// Microseconds of `open`, `mmap`, a load, `munmap` and `close`; of a reader that is opened, reads a record and is closed; the ratio.
pub(crate) fn attach<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let common = prepared::<P, T>(place, 16)?;
    pair::alone(effort.patience, || {
        let mut writer = P::writer(common)?;
        writer.write(0, &T::filled(1));
        let file = Plain::at(place.plain());
        file.fill()?;
        beside(
            effort,
            || file.attach(),
            || {
                let mut value = T::filled(0);
                if !P::reader(common)?.read(0, &mut value) {
                    return Miss::limit("who attaches has nothing until the next write");
                }
                black_box(value);
                Ok(())
            },
            || (),
        )
    })
}

/// Microseconds of a file in shared memory with pages for 1 MiB, mapped and present; of a table of as much, ready to be written;
/// the ratio.
pub(crate) fn create<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    pair::alone(effort.patience, || {
        let file = Plain::at(place.plain());
        beside(
            effort,
            || file.create(effort.created),
            || {
                let common = prepared::<P, T>(place, effort.created / size_of::<T>())?;
                black_box(P::writer(common)?);
                Ok(())
            },
            || P::remove(place),
        )
    })
}

/// Bytes beside each record.
pub(crate) fn memory<P: Peer<T>, T: Sample>(place: &Place, effort: &Effort) -> Outcome {
    let resident = |records| {
        let figures = pair::alone(effort.patience, || {
            let before = proportional_memory()?;
            let mut writer = P::writer(prepared::<P, T>(place, records)?)?;
            (0..records).for_each(|index| writer.write(index, &T::filled(1)));
            Ok(vec![proportional_memory()? - before])
        });
        P::remove(place);
        figures.map(|figures| figures[0])
    };
    // The first one brings code into memory that the others find shared.
    resident(1)?;
    let more = resident(effort.some)? - resident(effort.some / 2)?;
    Ok(vec![more / (effort.some / 2) as f64 - size_of::<T>() as f64])
}

/// Of this process, in bytes, of memory that several have its share.
fn proportional_memory() -> io::Result<f64> {
    let told = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = told.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0).ok_or_else(|| io::Error::other("smaps_rollup without Pss"))
}

/// Medians of both in turn, and of their ratio.
pub(super) fn beside(
    effort: &Effort,
    mut bare: impl FnMut() -> io::Result<()>,
    mut call: impl FnMut() -> Outcome<()>,
    mut tidy: impl FnMut(),
) -> Outcome {
    let mut figures: [Vec<f64>; 3] = Default::default();
    for _ in effort.while_short() {
        let start = Instant::now();
        bare()?;
        let bare = start.elapsed().as_secs_f64() * 1e6;
        let start = Instant::now();
        call()?;
        let call = start.elapsed().as_secs_f64() * 1e6;
        tidy();
        figures.iter_mut().zip([bare, call, call / bare]).for_each(|(all, figure)| all.push(figure));
    }
    Ok(figures.map(median).into())
}

/// A file of a program that does without all of this. Who looks after the trial removes it.
pub(super) struct Plain {
    path: PathBuf,
}

impl Plain {
    pub(super) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the one that is attached to.
    pub(super) fn fill(&self) -> io::Result<()> {
        fs::write(&self.path, [1; 4096])
    }

    pub(super) fn attach(&self) -> io::Result<()> {
        let file = File::open(&self.path)?;
        let base = mapped(&file, 4096, libc::PROT_READ, 0)?;
        // SAFETY: the mapping is as long as the file, and nobody else knows this file.
        black_box(unsafe { base.cast::<u64>().read_volatile() });
        // SAFETY: nothing leads into the mapping any more.
        unsafe { libc::munmap(base, 4096) };
        Ok(())
    }

    fn create(&self, length: usize) -> io::Result<()> {
        let file = File::options().read(true).write(true).create_new(true).open(&self.path)?;
        // SAFETY: numbers only.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length as libc::off_t) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let base = mapped(&file, length, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_POPULATE)?;
        // SAFETY: nothing leads into the mapping.
        unsafe { libc::munmap(base, length) };
        fs::remove_file(&self.path)
    }
}

pub(super) fn mapped(file: &File, length: usize, rights: i32, flags: i32) -> io::Result<*mut libc::c_void> {
    let (nowhere, flags, fd) = (std::ptr::null_mut(), flags | libc::MAP_SHARED, file.as_raw_fd());
    // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
    let base = unsafe { libc::mmap(nowhere, length, rights, flags, fd, 0) };
    if base == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(base) }
}

pub(crate) fn suite(bench: &mut Bench) {
    let kinds = [Kind::Ours, Kind::Variant, Kind::Latest];
    let mut contest =
        |trial| bench.contest(&format!("{trial:?}").to_lowercase(), ALL, &kinds, polled(trial, 64));
    let [attach, create] = [Trial::Attach, Trial::Create].map(&mut contest);
    // Bytes are counted, not timed.
    let memory = bench.short_contest(1, "memory", ALL, &kinds, polled(Trial::Memory, 64));
    let table = attach.table(
        "cost",
        "To attach, to create, to keep",
        "Microseconds until a reader has the first record, and the reader closed again, beside `open`, `mmap`, a load, `munmap` and \
         `close` of a file in shared memory; until a table of 1 MiB can be written, beside `open`, `fallocate`, `mmap` with its \
         pages present and `munmap`; bytes of memory that a record of 64 bytes takes beside itself.",
        &[("attach µs", Column::Figure(1)), ("attach x", Column::Times(2))],
    );
    let create =
        create.table("", "", "", &[("create µs", Column::Figure(1)), ("create x", Column::Times(2))]);
    let memory = memory.table("", "", "", &[("B beside a record", Column::Figure(0))]);
    bench.tables.push(table.joined(create).joined(memory).charted("attach µs"));
}

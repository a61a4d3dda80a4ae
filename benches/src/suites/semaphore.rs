//! What `post` and `wait` of a `Semaphore` cost that nobody else uses, beside the bare calls on the same semaphore: for POSIX
//! `sem_post` and `sem_wait`, which then make no system call, for System V two `semop`.

use std::ffi::CString;
use std::hint::black_box;
use std::io;

use shmrecord::{Semaphore, SemaphoreOptions};

use crate::bench::Bench;
use crate::effort::Effort;
use crate::miss::Outcome;
use crate::pair;
use crate::peers::Place;
use crate::report::{Cell, Row, Table};
use crate::rounds::{median, per_call};

const KINDS: [&str; 3] = ["posix", "sysv", "sysv, undo"];

pub(crate) fn suite(bench: &mut Bench) {
    let series = bench.own("semaphores", trial, |place| {
        let _ = Semaphore::unlink(&posix(place));
        let _ = Semaphore::unlink(&system_v(place));
    });
    let row = |(at, kind): (usize, &&str)| {
        let [bare, ours] = [2 * at, 2 * at + 1];
        let numbers = [bare, ours].map(|at| Cell::Number(series.median(at)));
        let times = Cell::Times(series.ratio(ours, &series, bare));
        Row { name: (*kind).to_owned(), cells: vec![numbers[0], numbers[1], times] }
    };
    bench.tables.push(Table {
        id: "semaphore".to_owned(),
        title: "Post and wait of a semaphore, nobody else".to_owned(),
        about: "Nanoseconds of both together.",
        columns: vec!["bare calls ns", "Semaphore ns", "x"],
        rows: KINDS.iter().enumerate().map(row).collect(),
        notes: series.miss().iter().map(ToString::to_string).collect(),
        charted: None,
    });
}

fn posix(place: &Place) -> String {
    format!("posix:/{}", place.name())
}

fn system_v(place: &Place) -> String {
    format!("sysv:{:#x}", place.key())
}

/// The bare calls and ours, for each kind.
fn trial(place: &Place, effort: &Effort) -> Outcome {
    pair::alone(effort.patience, || {
        let posix_pair = beside(&posix(place), false, effort, || {
            let name = CString::new(format!("/{}", place.name()))?;
            // SAFETY: the name is a C string that lives across the call, which keeps nothing of it.
            let bare = unsafe { libc::sem_open(name.as_ptr(), 0) };
            if bare == libc::SEM_FAILED {
                return Err(io::Error::last_os_error());
            }
            Ok(move || {
                // SAFETY: an open semaphore, which is never closed.
                let posted = unsafe { libc::sem_post(black_box(bare)) };
                // SAFETY: as before.
                let taken = unsafe { libc::sem_wait(black_box(bare)) };
                assert_eq!((posted, taken), (0, 0));
            })
        })?;
        let mut figures: Vec<f64> = posix_pair.into();
        for undo in [false, true] {
            let pair = beside(&system_v(place), undo, effort, || {
                // SAFETY: takes numbers only.
                let set = unsafe { libc::semget(place.key(), 0, 0) };
                if set < 0 {
                    return Err(io::Error::last_os_error());
                }
                let flags = if undo { libc::SEM_UNDO as i16 } else { 0 };
                Ok(move || {
                    for by in [1, -1] {
                        let mut operation = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: flags };
                        // SAFETY: one operation, which lives across the call.
                        assert_eq!(unsafe { libc::semop(black_box(set), &raw mut operation, 1) }, 0);
                    }
                })
            })?;
            figures.extend(pair);
        }
        Ok(figures)
    })
}

/// Nanoseconds of the bare calls that `open` gives, and of ours.
fn beside<Bare: FnMut()>(
    address: &str,
    undo: bool,
    effort: &Effort,
    open: impl FnOnce() -> io::Result<Bare>,
) -> Outcome<[f64; 2]> {
    let semaphore = SemaphoreOptions::new().undo(undo).create(address, 0)?;
    let mut bare = open()?;
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..effort.slices {
        bares.push(per_call(effort.calls / 10, |_| bare()));
        ours.push(per_call(effort.calls / 10, |_| {
            let semaphore = black_box(&semaphore);
            semaphore.post().and_then(|()| semaphore.wait()).expect("it is there");
        }));
    }
    Semaphore::unlink(address)?;
    Ok([median(bares), median(ours)])
}

//! What `post` and `wait` of a `Semaphore` cost that nobody else uses, beside the bare calls on the same semaphore: for POSIX
//! `sem_post` and `sem_wait`, which then make no system call, for System V two `semop`. Relies on the rounds of `main`.

use std::ffi::CString;
use std::hint::black_box;
use std::io;

use shmrecord::{Result, Semaphore, SemaphoreOptions};

use crate::{ROUNDS, median, per_call};

pub(crate) fn measure() -> Result<()> {
    println!("\npost and wait, nobody else; medians, in nanoseconds\n");
    println!("| semaphore | bare calls | Semaphore | ratio |");
    println!("|---|---:|---:|---:|");
    let name = format!("/shmrecord-bench-{}", std::process::id());
    beside(&format!("posix:{name}"), "posix", false, || {
        let name = CString::new(name.as_str()).expect("no NUL in it");
        // SAFETY: the name is a C string that lives across the call, which keeps nothing of it.
        let bare = unsafe { libc::sem_open(name.as_ptr(), 0) };
        assert!(bare != libc::SEM_FAILED, "sem_open: {}", io::Error::last_os_error());
        move || {
            // SAFETY: an open semaphore, which is never closed.
            let posted = unsafe { libc::sem_post(black_box(bare)) };
            // SAFETY: as before.
            let taken = unsafe { libc::sem_wait(black_box(bare)) };
            assert_eq!((posted, taken), (0, 0));
        }
    })?;
    // 'b', 'e' and this process, so that two runs do not meet.
    let key = 0x6265_0000 | (std::process::id() & 0xffff).cast_signed();
    for (kind, undo) in [("sysv", false), ("sysv, undo", true)] {
        let flags = if undo { libc::SEM_UNDO } else { 0 };
        beside(&format!("sysv:{key:#x}"), kind, undo, || {
            // SAFETY: takes numbers only.
            let set = unsafe { libc::semget(key, 0, 0) };
            assert!(set >= 0, "semget: {}", io::Error::last_os_error());
            move || {
                for by in [1, -1] {
                    let flags = flags.try_into().expect("a small number");
                    let mut operation = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: flags };
                    // SAFETY: one operation, which lives across the call.
                    assert_eq!(unsafe { libc::semop(black_box(set), &raw mut operation, 1) }, 0);
                }
            }
        })?;
    }
    Ok(())
}

/// Creates the semaphore, measures it beside the bare calls that `open` gives, and removes it.
fn beside<Bare: FnMut()>(address: &str, kind: &str, undo: bool, open: impl FnOnce() -> Bare) -> Result<()> {
    let semaphore = SemaphoreOptions::new().undo(undo).create(address, 0)?;
    let mut bare = open();
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bares.push(per_call(&mut bare));
        ours.push(per_call(|| {
            let semaphore = black_box(&semaphore);
            semaphore.post().and_then(|()| semaphore.wait()).expect("it is there");
        }));
    }
    let (bare, ours) = (median(bares), median(ours));
    println!("| {kind} | {bare:.1} | {ours:.1} | {:.2} |", ours / bare);
    Semaphore::unlink(address)
}

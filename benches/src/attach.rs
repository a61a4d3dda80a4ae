//! What it costs to attach to a table, read its first record and close it again: to a small one and to a sparse one of
//! 4 GiB, for each kind that is a file descriptor; beside `open`, `mmap`, one load, `munmap` and `close` of a file of 4 KiB, for scale.

use std::fs::{self, File};
use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Instant;

use shmrecord::{Options, Reader};

use crate::{Bytes64, Sample, median};

/// Times that each is measured; an odd number has a median.
const ROUNDS: usize = 2001;
/// Records of a table of 4 GiB and more.
const MANY: usize = (4 << 30) / size_of::<Bytes64>();

pub(crate) fn measure() -> shmrecord::Result<()> {
    println!("\nattach, first read, close; medians of {ROUNDS}, in microseconds\n");
    println!("| kind | file of 4 KiB, mmap | table of 16 records | sparse table of 4 GiB |");
    println!("|---|---:|---:|---:|");
    let name = format!("shmrecord-bench-attach-{}", std::process::id());
    let directory = std::env::temp_dir();
    for (kind, directory, address) in [
        ("posix", Path::new("/dev/shm"), format!("posix:/{name}")),
        // A memfd is a file of the kind that is in /dev/shm.
        ("memfd", Path::new("/dev/shm"), format!("memfd:{name}")),
        ("file", directory.as_path(), format!("file:{}", directory.join(&name).display())),
    ] {
        let mapping =
            plain_file(&directory.join(format!("{name}.plain"))).expect("a small file can be mapped");
        let (small, large) = (table(&address, 16)?, table(&address, MANY)?);
        println!("| {kind} | {mapping:.1} | {small:.1} | {large:.1} |");
    }
    Ok(())
}

/// Microseconds to attach to a sparse table, whose first record was written.
fn table(address: &str, capacity: usize) -> shmrecord::Result<f64> {
    let mut writer = Options::new().sparse(true).create::<Bytes64>(address, capacity)?;
    let attach = || -> shmrecord::Result<()> {
        black_box(Reader::<Bytes64>::open(address)?.read(0)?);
        Ok(())
    };
    let times = writer.write(0, &Bytes64::filled(1)).and_then(|()| per_call(attach));
    shmrecord::remove(address)?;
    times
}

/// Microseconds to map a small file that is there.
fn plain_file(path: &Path) -> std::io::Result<f64> {
    fs::write(path, [1; 4096])?;
    let times = per_call(|| {
        let file = File::open(path)?;
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if base == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the mapping is as long as the file, and nobody else knows this file.
        black_box(unsafe { base.cast::<u64>().read_volatile() });
        // SAFETY: nothing leads into the mapping any more.
        unsafe { libc::munmap(base, 4096) };
        Ok(())
    });
    fs::remove_file(path)?;
    times
}

/// The median of how long one call takes, in microseconds.
fn per_call<E>(mut call: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        call()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(times))
}

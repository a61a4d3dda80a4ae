//! What a read and a write of one record in another program's segment cost without a guard, beside a plain copy of the same
//! struct out of the same segment: by index, out of a mapping and within its bounds. Relies on the rounds of `main`.

use std::fs::{self, File};
use std::hint::black_box;
use std::io;
use std::os::fd::AsRawFd;

use shmrecord::{Adopt, ForeignGuard};

use crate::{Aligned, Bytes32, Bytes64, Bytes256, Bytes4096, Quote, ROUNDS, Sample, median, per_call};

/// Bytes of the other program in front of its records.
const OFFSET: usize = 64;
const COUNT: usize = 16;

pub(crate) fn measure() -> shmrecord::Result<()> {
    println!("\none record of another program, no guard\n");
    println!("| bytes | plain copy ns | read_into ns | ratio | read ns | ratio | write ns | ratio |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    beside::<Quote>(" (quote)")?;
    beside::<Bytes32>("")?;
    beside::<Bytes64>("")?;
    beside::<Bytes256>("")?;
    beside::<Bytes4096>("")
}

fn beside<T: Sample>(note: &str) -> shmrecord::Result<()> {
    let bytes = size_of::<T>();
    let name = format!("shmrecord-bench-adopt-{}", std::process::id());
    let (path, address) = (format!("/dev/shm/{name}"), format!("posix:/{name}"));
    fs::write(&path, vec![0; OFFSET + COUNT * bytes]).expect("room for a segment");
    let plain = Plain::<T>::open(&path).expect("an own file can be mapped");
    let table = Adopt::<T>::new(&address, ForeignGuard::None).offset(OFFSET as u64).count(COUNT as u64);
    let handles = table.open().and_then(|reader| Ok((reader, table.open_writer()?)));
    // Nobody opens it again; it must not stay when a later step fails.
    fs::remove_file(&path).expect("an own file");
    let (reader, mut writer) = handles?;

    let mut target = Aligned(T::filled(0));
    let (mut copies, mut intos, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        copies.push(per_call(|| {
            target.0 = black_box(&plain).copy(black_box(7)).expect("in range");
            black_box(&target);
        }));
        intos.push(per_call(|| {
            black_box(&reader).read_into(black_box(7), &mut target.0).expect("in range");
            black_box(&target);
        }));
        reads.push(per_call(|| {
            target.0 = black_box(&reader).read(black_box(7)).expect("in range");
            black_box(&target);
        }));
        let value = Aligned(T::filled(round));
        writes.push(per_call(|| writer.write(black_box(7), &black_box(&value).0).expect("in range")));
    }
    let (copy, into, read, write) = (median(copies), median(intos), median(reads), median(writes));
    println!(
        "| {bytes}{note} | {copy:.2} | {into:.2} | {:.2} | {read:.2} | {:.2} | {write:.2} | {:.2} |",
        into / copy,
        read / copy,
        write / copy
    );
    Ok(())
}

/// A segment as a program maps it that does without this library.
struct Plain<T> {
    records: *const T,
    count: usize,
}

impl<T: Sample> Plain<T> {
    /// Never unmapped: it is for this run.
    fn open(path: &str) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = OFFSET + COUNT * size_of::<T>();
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
        let base = unsafe {
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
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

//! What a read and a write of one record in another program's segment cost without a guard, beside a plain copy of the same
//! struct. Relies on the rounds of `main`.

use std::fs;
use std::hint::black_box;

use shmrecord::{Adopt, Adopted, Error, ForeignGuard};

use crate::{Aligned, Bytes32, Bytes64, Bytes256, Bytes4096, ROUNDS, Sample, median, per_call};

/// Bytes of the other program in front of its records.
const OFFSET: u64 = 64;
const COUNT: u64 = 16;

pub(crate) fn main() -> Result<(), Error> {
    println!("\none record of another program, no guard\n");
    println!("| bytes | copy ns | read ns | ratio | write ns | ratio |");
    println!("|---:|---:|---:|---:|---:|---:|");
    measure::<Bytes32>()?;
    measure::<Bytes64>()?;
    measure::<Bytes256>()?;
    measure::<Bytes4096>()
}

fn measure<T: Sample>() -> Result<(), Error> {
    let bytes = size_of::<T>();
    let name = format!("shmrecord-bench-adopt-{}", std::process::id());
    let (path, address) = (format!("/dev/shm/{name}"), format!("posix:/{name}"));
    fs::write(&path, vec![0; OFFSET as usize + COUNT as usize * bytes]).expect("room for a segment");
    let table = Adopt::<T>::new(&address, ForeignGuard::None).offset(OFFSET).count(COUNT);
    let handles = table.open().and_then(|reader| Ok((reader, table.open_writer()?)));
    // Nobody opens it again; it must not stay when a later step fails.
    fs::remove_file(&path).expect("an own file");
    let (reader, mut writer) = handles?;

    let source: Vec<T> = (0..COUNT).map(T::filled).collect();
    let mut target = Aligned(T::filled(0));
    let (mut copies, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        copies.push(per_call(|| {
            assert!(copy(black_box(&source), black_box(7), &mut target.0));
            black_box(&target);
        }));
        let value = Aligned(T::filled(round));
        writes.push(per_call(|| writer.write(black_box(7), &black_box(&value).0).expect("in range")));
        reads.push(per_call(|| {
            assert!(read(black_box(&reader), black_box(7), &mut target.0));
            black_box(&target);
        }));
    }
    let (copy, read, write) = (median(copies), median(reads), median(writes));
    println!("| {bytes} | {copy:.2} | {read:.2} | {:.2} | {write:.2} | {:.2} |", read / copy, write / copy);
    Ok(())
}

/// A function of its own, as `read` below: what is around a call that was inlined decides more than what is in it.
#[inline(never)]
fn copy<T: Copy>(records: &[T], index: usize, out: &mut T) -> bool {
    let record = records.get(index);
    if let Some(record) = record {
        *out = *record;
    }
    record.is_some()
}

#[inline(never)]
fn read<T: Sample>(records: &Adopted<T>, index: usize, out: &mut T) -> bool {
    match records.read(index) {
        Ok(record) => {
            *out = record;
            true
        }
        Err(_) => false,
    }
}

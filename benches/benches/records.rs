//! What one call costs, for work on the calls: `cargo bench --manifest-path benches/Cargo.toml`, with a filter behind `--`. One process,
//! warm, absolute nanoseconds of this machine: what is compared and aimed at is measured by the program beside this.

#[path = "../src/sample.rs"]
#[expect(dead_code, reason = "the program uses more of it")]
mod sample;

use std::sync::atomic::{AtomicU64, Ordering};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use sample::{Aligned, Bytes32, Bytes64, Bytes256, Bytes4096, Sample};
use shmrecord::{Options, Reader, Writer};

/// Records of each table, which one is read and written, and how many are in a batch.
const RECORDS: usize = 64;
const AT: usize = 7;
const BATCH: usize = 8;

fn main() {
    divan::main();
}

/// A table of this process, removed on drop.
struct Table<T> {
    writer: Writer<T>,
    reader: Reader<T>,
    address: String,
}

impl<T: Sample> Table<T> {
    fn new(cells: u32) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let address = format!("posix:/shmrecord-bench-call-{}-{serial}", std::process::id());
        let writer = Options::new().cells(cells).create(&address, RECORDS).expect("room for a small table");
        let reader = Reader::open(&address).expect("it is there");
        let mut table = Self { writer, reader, address };
        table.writer.write(AT, &T::filled(1)).expect("in range");
        table
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        // Nothing depends on it.
        let _ = shmrecord::remove(&self.address);
    }
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096])]
fn memcpy<T: Sample>(bencher: Bencher) {
    let (source, mut target) = (Aligned(T::filled(1)), Aligned(T::filled(0)));
    bencher.bench_local(|| {
        target.0 = black_box(&source).0;
        black_box(&target);
    });
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096], consts = [1, 4])]
fn read<T: Sample, const CELLS: u32>(bencher: Bencher) {
    let (table, mut target) = (Table::<T>::new(CELLS), Aligned(T::filled(0)));
    bencher.bench_local(|| {
        target.0 = table.reader.read(black_box(AT)).expect("nobody writes");
        black_box(&target);
    });
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096], consts = [1, 4])]
fn read_into<T: Sample, const CELLS: u32>(bencher: Bencher) {
    let (table, mut target) = (Table::<T>::new(CELLS), Aligned(T::filled(0)));
    bencher.bench_local(|| {
        table.reader.read_into(black_box(AT), &mut target.0).expect("nobody writes");
        black_box(&target);
    });
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096], consts = [1, 4])]
fn write<T: Sample, const CELLS: u32>(bencher: Bencher) {
    let (mut table, value) = (Table::<T>::new(CELLS), Aligned(T::filled(2)));
    bencher.bench_local(|| table.writer.write(black_box(AT), &black_box(&value).0).expect("in range"));
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096])]
fn version<T: Sample>(bencher: Bencher) {
    let table = Table::<T>::new(1);
    bencher.bench_local(|| black_box(&table.reader).version(black_box(AT)).expect("in range"));
}

/// Eight records at one instant.
#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096])]
fn batch<T: Sample>(bencher: Bencher) {
    let (mut table, value) = (Table::<T>::new(1), Aligned(T::filled(2)));
    bencher.counter(BytesCount::new(BATCH * size_of::<T>())).bench_local(|| {
        let fill = |batch: &mut shmrecord::Batch<'_, T>| {
            (0..BATCH).try_for_each(|index| batch.set(index, &black_box(&value).0))
        };
        table.writer.batch(fill).expect("they are in range, and the log has room");
    });
}

/// All records of the table, into a vector and into what is there.
#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096])]
fn snapshot<T: Sample>(bencher: Bencher) {
    let table = Table::<T>::new(1);
    let all = BytesCount::new(RECORDS * size_of::<T>());
    bencher.counter(all).bench_local(|| table.reader.snapshot(0..RECORDS).expect("nobody writes"));
}

#[divan::bench(types = [Bytes32, Bytes64, Bytes256, Bytes4096])]
fn snapshot_into<T: Sample>(bencher: Bencher) {
    let (table, mut out) = (Table::<T>::new(1), vec![T::filled(0); RECORDS]);
    let all = BytesCount::new(RECORDS * size_of::<T>());
    bencher.counter(all).bench_local(|| table.reader.snapshot_into(0, &mut out).expect("nobody writes"));
}

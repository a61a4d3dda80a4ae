//! Tables of many writers with a doorbell whose every byte may be hostile, and whose words somebody overwrites all the time: joined,
//! locked, written, waited for. Each call ends with a value or an error that says why there is none. In Rust only.

use std::time::Duration;

use integration_tests::every::{Every, every};
use shmrecord::{Arrangement, Error, ErrorKind, Reader, SharedWriter};

use crate::random::Random;
use crate::run;
use crate::segments::read;
use crate::table::{Table, impatient, spoilt};

/// What a wait may take.
const SHORT: Duration = Duration::from_millis(1);

fn tables() -> Vec<Table> {
    let shapes =
        [(1, Arrangement::Split), (1, Arrangement::Packed), (2, Arrangement::Line), (8, Arrangement::Split)];
    shapes.into_iter().map(|(cells, arrangement)| Table::of_many(cells, arrangement)).collect()
}

#[test]
fn hostile_tables_of_many_are_refused_or_worked_with() {
    run::inputs("turns::hostile_tables_of_many_are_refused_or_worked_with", 1500, String::new, |_| {
        let mut tables = tables();
        move |random| {
            let which = random.below(tables.len());
            let table = &mut tables[which];
            let bytes = spoilt(random, table);
            table.put(&bytes);
            let _ = read(&impatient(), table.address());
            assert!(table.bytes() == bytes, "a reader stored something");
            wait(random, table.address());
            if random.below(2) == 0 {
                take_turns(random, table.address(), 1);
            }
            table.exists_again();
        }
    });
}

#[test]
fn who_takes_turns_and_waits_beside_a_scribbler_comes_to_an_end() {
    run::inputs(
        "turns::who_takes_turns_and_waits_beside_a_scribbler_comes_to_an_end",
        40,
        String::new,
        |_| {
            let mut tables = tables();
            move |random| {
                let which = random.below(tables.len());
                let table = &mut tables[which];
                table.exists_again();
                table.mend();
                let mut other = Random(random.below(usize::MAX) as u64 | 1);
                table.beside_a_scribbler(&mut other, || {
                    wait(random, table.address());
                    take_turns(random, table.address(), 10);
                });
            }
        },
    );
}

/// Waits in every way, for what there is and for what there is not.
fn wait(random: &mut Random, address: &str) {
    let Ok(reader) = impatient().open::<Every>(address) else { return };
    let seen = random.below(3) as u64;
    let index = random.below(reader.capacity().min(4) + 1);
    may_fail(reader.wait(index, seen, SHORT));
    may_fail(reader.wait_any(&[(index, seen), (0, seen)], SHORT));
    may_fail(reader.wait_table(seen, SHORT));
    may_fail(reader.changes());
    // For what it finds, which only somebody else changes.
    if let Ok(version) = Reader::version(&reader, 0) {
        may_fail(reader.wait(0, version, SHORT));
    }
}

/// Joins, and takes turns of every kind.
fn take_turns(random: &mut Random, address: &str, times: usize) {
    let Ok(mut writer) = impatient().open_shared::<Every>(address) else { return };
    for _ in 0..times {
        let number = random.below(16) as u64;
        let index = random.below(writer.capacity().min(4) + 1);
        may_fail(writer.write(index, &every(number)));
        may_fail(writer.update(index, |_| every(number)));
        may_fail(writer.batch(|batch| {
            batch.set(index, &every(number))?;
            batch.get(0).map(drop)
        }));
        may_fail(two_writes(&mut writer, index, number));
        may_fail(writer.status());
    }
}

fn two_writes(writer: &mut SharedWriter<Every>, index: usize, number: u64) -> shmrecord::Result<()> {
    let mut turn = writer.lock()?.any();
    turn.write(0, &every(number))?;
    turn.clear_death();
    turn.update(index, |_| every(number + 1)).map(drop)
}

/// A value, or an error of which there may be some.
#[track_caller]
fn may_fail<T>(result: Result<T, Error>) {
    let Err(error) = result else { return };
    let may_be = matches!(
        error.kind(),
        ErrorKind::Contended { .. }
            | ErrorKind::InvalidBits { .. }
            | ErrorKind::IndexOutOfRange { .. }
            | ErrorKind::BadArgument { .. }
            | ErrorKind::Unsupported { .. }
            | ErrorKind::LockCorrupt { .. }
            | ErrorKind::LockTimeout { .. }
            | ErrorKind::Retired
    );
    assert!(may_be, "{error}");
}

//! What one of many writers does until it is killed, and what holds whoever is: amounts move between accounts in batches,
//! records count what was added to them, two records are equal whenever nobody has the turn. Relies on the public API.

use std::thread;
use std::time::Duration;

use shmrecord::{ErrorKind, Options, Result, SharedWriter, Turn};

use crate::records::{Pattern256, account};

/// Accounts, from record 0 on.
pub const ACCOUNTS: usize = 6;
/// The record to which every round of every writer adds one.
pub const COUNTER: usize = ACCOUNTS;
/// Two records that are written one after the other in one turn.
pub const PAIR: [usize; 2] = [ACCOUNTS + 1, ACCOUNTS + 2];
/// Records of the table.
pub const CAPACITY: usize = ACCOUNTS + 3;

fn options(key: Option<u32>) -> Options {
    let options = Options::new().timeout(Duration::from_secs(20)).doorbell(true);
    key.map_or(options.clone(), |key| options.semaphore(key, 0))
}

/// Joins the writers of the table, and says so. They take turns by the first semaphore of the set with this key, if there is one.
///
/// # Panics
/// When it cannot.
#[must_use]
pub fn join(address: &str, key: Option<u32>) -> SharedWriter<Pattern256> {
    let writer = options(key).create_shared(address, CAPACITY).expect("a table of many writers");
    println!("ready {}", writer.epoch());
    writer
}

/// Has the place of whatever table of many is there, again and again, and goes some rounds in each. The writers take turns as
/// for [`join`].
///
/// # Panics
/// When a table is not as it must be.
pub fn displace(address: &str, key: Option<u32>) {
    println!("ready");
    let options = options(key);
    for number in 0_usize.. {
        let made = match number % 3 {
            0 => options.replace_shared::<Pattern256>(address, CAPACITY),
            _ => options.create_shared::<Pattern256>(address, CAPACITY),
        };
        // Another one was faster, or writes still to what has just lost its name.
        let Ok(mut writer) = made else { continue };
        for number in 0..number % 20 {
            match round(&mut writer, number) {
                Err(error) if *error.kind() == ErrorKind::Retired => break,
                result => result.expect("turns come"),
            }
        }
    }
}

/// Goes round for ever.
///
/// # Panics
/// When the table is not as it must be.
pub fn go_round(writer: &mut SharedWriter<Pattern256>) {
    for number in 0.. {
        round(writer, number).expect("turns come");
        if number % 50 == 0 {
            thread::sleep(Duration::from_micros(50));
        }
    }
}

/// One of each kind of turn.
///
/// # Errors
/// Those of the library.
///
/// # Panics
/// When the table is not as it must be.
pub fn round(writer: &mut SharedWriter<Pattern256>, number: usize) -> Result<()> {
    let (from, to) = (number % ACCOUNTS, (number + 1 + number / ACCOUNTS % (ACCOUNTS - 1)) % ACCOUNTS);
    writer.batch(|batch| {
        let [debit, credit] = [batch.get(from)?, batch.get(to)?].map(|account| account.words[0]);
        batch.set(from, &account(debit.wrapping_sub(number as u64)))?;
        batch.set(to, &account(credit.wrapping_add(number as u64)))
    })?;
    writer.update(COUNTER, |count| account(count.words[0] + 1))?;
    let mut turn = match writer.lock()? {
        Turn::Whole(turn) => turn,
        Turn::AfterDeath(mut turn) => {
            let first = turn.read_versioned(PAIR[0])?.value;
            turn.write(PAIR[1], &first)?;
            turn.clear_death();
            turn
        }
    };
    let [first, second] = [turn.read_versioned(PAIR[0])?.value, turn.read_versioned(PAIR[1])?.value];
    assert_eq!(first, second, "nobody died, and yet half a turn was made");
    PAIR.iter().try_for_each(|&index| turn.write(index, &account(first.words[0] + 1)))
}

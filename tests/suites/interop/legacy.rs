//! A program as there are many, `c/legacy.c`, with accounts under a guard of its own: adopted, both write, neither loses
//! anything; and what becomes of it when that program dies in the middle of a change.

use std::thread;
use std::time::Duration;

use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use shmrecord::{Adopt, Adopted, AdoptedWriter, ErrorKind, ForeignGuard, ShmRecord};

use crate::tools::{SemaphorePlace, bare, c_programs};

/// Their `struct account`. The columns cancel out, but in the middle of a change.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Account {
    #[shm(text)]
    owner: [u8; 12],
    number: i32,
    balance: i64,
    negated: i64,
}

const ACCOUNTS: usize = 8;

/// What they can guard their accounts with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guard {
    Sysv,
    Posix,
    Seqcount,
    Seqcounts,
}

/// Where a legacy program has its accounts and its semaphore.
struct Bank {
    program: String,
    place: Place,
    semaphore: SemaphorePlace,
    guard: Guard,
}

impl Bank {
    /// One for each compiler, with nothing there yet.
    fn each(guard: Guard) -> impl Iterator<Item = Self> {
        let backend = if guard == Guard::Sysv { Backend::Sysv } else { Backend::Posix };
        c_programs("legacy").into_iter().map(move |program| Self {
            program,
            place: Place::new(Backend::Sysv),
            semaphore: SemaphorePlace::new(backend),
            guard,
        })
    }

    /// The legacy program, which makes what is not there.
    fn start(&self) -> Actor {
        let guard = format!("{:?}", self.guard).to_lowercase();
        let places = [self.place.address(), self.semaphore.address()].map(bare);
        let mut theirs = Actor::start(&self.program, &[places[0], &guard, places[1]]);
        assert_eq!(theirs.line(), "ready");
        theirs
    }

    /// The same in our words.
    fn adopt(&self) -> Adopt<'_, Account> {
        let guard = match self.guard {
            Guard::Sysv => ForeignGuard::Sysv { key: bare(self.semaphore.address()), index: 0 },
            Guard::Posix => ForeignGuard::Posix { name: bare(self.semaphore.address()) },
            Guard::Seqcount => ForeignGuard::Seqcount { offset: 16, bits: 64, per_record: false },
            Guard::Seqcounts => ForeignGuard::Seqcount { offset: 64 + 32, bits: 32, per_record: true },
        };
        Adopt::new(self.place.address(), guard).offset(64).count(ACCOUNTS as u64).stride(40)
    }
}

fn add(account: Account) -> Account {
    Account { balance: account.balance + 1, negated: account.negated - 1, ..account }
}

/// A semaphore goes to whoever asks first when it is free; one who asks all the time keeps others out.
fn let_others_in() {
    thread::sleep(Duration::from_micros(20));
}

/// The balance of all, each of them whole.
fn sum(accounts: &Adopted<Account>) -> i64 {
    let check = |(number, account): (i32, shmrecord::Result<Account>)| {
        let account = account.unwrap();
        assert_eq!(account.number, number);
        assert_eq!(account.owner[..7], *format!("owner {}", number - 1000).as_bytes());
        assert_eq!(account.balance + account.negated, 0, "{account:?}");
        account.balance
    };
    (1000..).zip(accounts.iter()).map(check).sum()
}

/// A million updates, half of them theirs; this many of them at once with ours, the rest in turn. A tenth of that for the
/// second compiler's program.
fn both_add(guard: Guard, at_once: usize) {
    for (bank, share) in Bank::each(guard).zip([1, 10]) {
        let (updates, at_once) = (1_000_000 / share, at_once / share);
        let mut theirs = bank.start();
        let mut writer = bank.adopt().timeout(Duration::from_secs(10)).open_writer().unwrap();
        let mut add_here = |updates| {
            for index in (0..ACCOUNTS).cycle().take(updates) {
                writer.update(index, add).unwrap();
            }
        };
        theirs.say(&format!("add {}", at_once / 2));
        add_here(at_once / 2);
        assert_eq!(theirs.line(), "added");
        let rest = updates - at_once;
        assert_eq!(theirs.ask(&format!("add {}", rest / 2)), "added");
        add_here(rest / 2);

        assert_eq!(theirs.ask("sum"), updates.to_string(), "{guard:?}");
        assert_eq!(sum(&bank.adopt().open().unwrap()).to_string(), updates.to_string(), "{guard:?}");
        assert_eq!(theirs.ask("remove"), "removed");
    }
}

#[test]
fn under_a_system_v_semaphore_of_theirs_no_update_is_lost() {
    // Each that comes upon the other one sleeps until it is woken: ten times slower than in turn.
    both_add(Guard::Sysv, 50_000);
}

#[test]
fn under_a_posix_semaphore_of_theirs_no_update_is_lost() {
    both_add(Guard::Posix, 200_000);
}

#[test]
fn under_a_counter_of_theirs_no_update_is_lost() {
    both_add(Guard::Seqcount, 200_000);
}

#[test]
fn under_a_counter_for_each_record_no_update_is_lost() {
    both_add(Guard::Seqcounts, 200_000);
}

#[test]
fn they_read_whole_records_beside_us_and_we_beside_them() {
    for guard in [Guard::Sysv, Guard::Posix, Guard::Seqcount, Guard::Seqcounts] {
        for bank in Bank::each(guard) {
            let mut theirs = bank.start();
            let mut writer = bank.adopt().timeout(Duration::from_secs(10)).open_writer().unwrap();
            let mut updates = 0_i64;
            thread::scope(|scope| {
                let verdict = scope.spawn(|| theirs.ask("check 100000"));
                for index in (0..ACCOUNTS).cycle() {
                    if verdict.is_finished() {
                        break;
                    }
                    writer.update(index, add).unwrap();
                    updates += 1;
                    if updates % 64 == 0 {
                        let_others_in();
                    }
                }
                assert_eq!(verdict.join().unwrap(), "0 bad", "{guard:?}");
            });
            assert_eq!(theirs.ask("sum"), updates.to_string());

            let reader = bank.adopt().timeout(Duration::from_secs(10)).open().unwrap();
            theirs.say("add 20000");
            let mut seen = updates;
            while seen < updates + 20_000 {
                let now = sum(&reader);
                assert!(now >= seen, "{guard:?}: {now} after {seen}");
                seen = now;
                let_others_in();
            }
            assert_eq!(theirs.line(), "added");
            assert_eq!(theirs.ask("remove"), "removed");
        }
    }
}

/// An account that a process stopped changing in the middle, that process, and us, who do not wait long.
fn stopped(bank: &Bank) -> (Actor, AdoptedWriter<Account>) {
    let mut theirs = bank.start();
    assert_eq!(theirs.ask("add 16"), "added");
    let writer = bank.adopt().timeout(Duration::from_millis(5)).open_writer().unwrap();
    assert_eq!(theirs.ask("hold 3"), "holding");
    (theirs, writer)
}

/// The balance that the dead left half changed is put right, and their program goes on with ours.
fn go_on(bank: &Bank, mut writer: AdoptedWriter<Account>) {
    let fixed = writer.update(3, |account| Account { negated: -account.balance, ..account }).unwrap();
    assert_eq!(fixed.balance, 3);
    let mut next = bank.start();
    assert_eq!(next.ask("add 8"), "added");
    writer.update(0, add).unwrap();
    assert_eq!(next.ask("sum"), "26");
    assert_eq!(next.ask("check 8"), "0 bad");
    assert_eq!(next.ask("remove"), "removed");
}

#[test]
fn the_killed_holder_of_a_system_v_semaphore_is_named_and_freed_on_request() {
    for bank in Bank::each(Guard::Sysv) {
        let (theirs, mut writer) = stopped(&bank);
        let pid = theirs.pid();
        let holder = ErrorKind::LockTimeout { pid: Some(pid) };
        let error = writer.read(0).unwrap_err();
        assert_eq!(*error.kind(), holder, "{error}");
        assert!(error.to_string().contains(&pid.to_string()), "{error}");
        let refused = |freed: shmrecord::Result<bool>| {
            let error = freed.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::BadArgument { .. }), "{error}");
        };
        refused(writer.free_guard(Some(pid))); // it lives

        theirs.kill();
        assert_eq!(*writer.update(0, add).unwrap_err().kind(), holder);
        refused(writer.free_guard(None));
        refused(writer.free_guard(Some(std::process::id())));
        assert!(writer.free_guard(Some(pid)).unwrap());
        refused(writer.free_guard(Some(pid))); // it is free already
        go_on(&bank, writer);
    }
}

#[test]
fn the_killed_holder_of_a_posix_semaphore_is_freed_on_request() {
    for bank in Bank::each(Guard::Posix) {
        let (theirs, mut writer) = stopped(&bank);
        theirs.kill();
        let holder = ErrorKind::LockTimeout { pid: None };
        assert_eq!(*writer.read(0).unwrap_err().kind(), holder);
        assert_eq!(*writer.update(0, add).unwrap_err().kind(), holder);
        assert!(writer.free_guard(None).unwrap());
        assert!(!writer.free_guard(None).unwrap());
        go_on(&bank, writer);
    }
}

#[test]
fn a_counter_that_the_killed_left_odd_is_made_even_on_request() {
    for guard in [Guard::Seqcount, Guard::Seqcounts] {
        for bank in Bank::each(guard) {
            let (theirs, mut writer) = stopped(&bank);
            theirs.kill();
            let error = writer.read(3).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Contended { .. }), "{error}");
            assert_eq!(*writer.update(3, add).unwrap_err().kind(), ErrorKind::LockTimeout { pid: None });
            if guard == Guard::Seqcounts {
                assert_eq!(writer.read(4).unwrap().balance, 2, "another record has another counter");
            }
            assert!(writer.free_guard(None).unwrap());
            assert!(!writer.free_guard(None).unwrap());
            go_on(&bank, writer);
        }
    }
}

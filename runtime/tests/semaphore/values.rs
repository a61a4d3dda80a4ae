//! What a semaphore counts, and when waiting ends.

use std::thread;
use std::time::{Duration, Instant};

use shmrecord::{ErrorKind, Semaphore, SemaphoreOptions};

use crate::place::Place;
use crate::storm::Storm;
use crate::{LONG, error_of};

#[test]
fn it_counts_for_all_who_have_it_open() {
    for place in Place::both() {
        let address = place.address();
        let [one, two] = [Semaphore::create(address, 2).unwrap(), Semaphore::open(address).unwrap()];
        assert_eq!(two.value().unwrap(), 2);
        one.wait().unwrap();
        assert!(two.try_wait().unwrap());
        assert!(!one.try_wait().unwrap());
        assert!(!two.wait_timeout(Duration::from_millis(1)).unwrap());
        one.post().unwrap();
        assert_eq!(two.value().unwrap(), 1);
        assert!(two.wait_timeout(Duration::ZERO).unwrap());
        one.close();
        two.post().unwrap();
        drop(two);
        assert_eq!(Semaphore::open(address).unwrap().value().unwrap(), 1, "closing gives nothing back");
    }
}

#[test]
fn nothing_is_lost_between_threads() {
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 0).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..2_500).for_each(|_| semaphore.post().unwrap()));
                scope.spawn(|| (0..2_500).for_each(|_| semaphore.wait().unwrap()));
            }
        });
        assert_eq!(semaphore.value().unwrap(), 0);
    }
}

#[test]
fn the_largest_value_is_a_clear_error() {
    for (place, limit) in Place::both().iter().zip([i32::MAX.cast_unsigned(), 32767]) {
        let address = place.address();
        for initial in [limit + 1, u32::MAX] {
            let error = Semaphore::create(address, initial).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::BadArgument { argument: "initial value" });
            assert_eq!(error.found(), format!("{initial}, at most {limit}"));
        }
        assert_eq!(error_of(Semaphore::open(address), address), ErrorKind::NotFound, "nothing was created");

        let semaphore = Semaphore::open_or_create(address, limit).unwrap();
        assert_eq!(error_of(semaphore.post(), address), ErrorKind::Overflow { limit });
        assert_eq!(semaphore.value().unwrap(), limit);
        semaphore.wait().unwrap();
        semaphore.post().unwrap();
    }
}

#[test]
fn undo_has_the_same_limit() {
    let place = Place::sysv();
    let [giver, taker] = [false, true]
        .map(|undo| SemaphoreOptions::new().undo(undo).open_or_create(place.address(), 0).unwrap());
    for _ in 0..32767 {
        giver.post().unwrap();
        taker.wait().unwrap();
    }
    giver.post().unwrap();
    assert_eq!(error_of(taker.wait(), place.address()), ErrorKind::Overflow { limit: 32767 });
}

#[test]
fn a_wait_ends_no_earlier_than_asked() {
    let timeout = Duration::from_millis(20);
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 0).unwrap();
        let start = Instant::now();
        assert!(!semaphore.wait_timeout(timeout).unwrap());
        assert!(start.elapsed() >= timeout);
        assert!(!semaphore.wait_timeout(Duration::ZERO).unwrap());
    }
}

#[test]
fn endless_timeouts_wait_for_a_post() {
    // Past what 64 bits of seconds can count, past what they can count from now on, and merely long.
    for timeout in
        [Duration::MAX, Duration::from_secs(i64::MAX.cast_unsigned()), Duration::from_secs(1 << 40)]
    {
        for place in Place::both() {
            let semaphore = Semaphore::create(place.address(), 0).unwrap();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| semaphore.wait_timeout(timeout));
                thread::sleep(Duration::from_millis(2));
                semaphore.post().unwrap();
                assert!(waiter.join().unwrap().unwrap(), "{timeout:?}");
            });
        }
    }
}

#[test]
fn signals_neither_end_nor_prolong_a_wait() {
    let timeout = Duration::from_millis(200);
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 0).unwrap();
        let storm = Storm::new();
        let start = Instant::now();
        assert!(!semaphore.wait_timeout(timeout).unwrap());
        let took = start.elapsed();
        drop(storm);
        assert!(took >= timeout && took < LONG / 10, "{took:?}");

        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let _storm = Storm::new();
                semaphore.wait()
            });
            thread::sleep(Duration::from_millis(20));
            assert!(!waiter.is_finished());
            semaphore.post().unwrap();
            waiter.join().unwrap().unwrap();
        });
        assert_eq!(semaphore.value().unwrap(), 0);
    }
}

#[test]
fn system_v_tells_who_waits_and_who_was_last() {
    let place = Place::sysv();
    let semaphore = Semaphore::create(place.address(), 0).unwrap();
    assert_eq!(semaphore.waiting().unwrap(), Some(0));
    semaphore.post().unwrap();
    assert_eq!(semaphore.last_pid().unwrap(), Some(std::process::id()));

    let place = Place::posix();
    let semaphore = Semaphore::create(place.address(), 0).unwrap();
    assert_eq!((semaphore.waiting().unwrap(), semaphore.last_pid().unwrap()), (None, None));
}

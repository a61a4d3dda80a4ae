//! Many writers of whom one is stopped, dead in another namespace, or left without a guard: nobody waits past the deadline, and
//! there is never a second holder of the lock.

use std::thread;
use std::time::{Duration, Instant};

use integration_tests::alone::Alone;
use integration_tests::case::{every_backend, every_public_backend};
use integration_tests::check::error_of;
use integration_tests::image::{Image, at};
use integration_tests::lock;
use integration_tests::place::{Backend, Part, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use integration_tests::sysv;
use integration_tests::timing::{AFTER_DEATH, EXCESS, GRACE, ends_at, is_kept, timed};
use integration_tests::waiting::until;
use shmrecord::{ErrorKind, Options, Reader, SharedWriter, Turn};

use crate::storm::Storm;

const CAPACITY: usize = 4;
const TIMEOUT: Duration = Duration::from_millis(100);

fn create(place: &Place) -> SharedWriter<Quote> {
    Options::new().timeout(TIMEOUT).create_shared(place.address(), CAPACITY).unwrap()
}

/// Another process that joins the table's writers, with this timeout.
fn other(place: &Place, timeout: Duration) -> Actor {
    let mut actor = Actor::heir(place, env!("CARGO_BIN_EXE_many"), &["share"]);
    open(&mut actor, place, timeout);
    actor
}

fn open(actor: &mut Actor, place: &Place, timeout: Duration) {
    let answer = actor.ask(&format!("open {} {}", place.address(), timeout.as_millis()));
    assert!(answer.starts_with("slot "), "{answer}");
}

/// The next turn of this writer comes behind a death, which it clears.
fn is_after_death(writer: &mut SharedWriter<Quote>, address: &str) {
    assert_eq!(error_of(writer.lock().and_then(Turn::whole), address), ErrorKind::AfterDeath);
    writer.lock().unwrap().any().clear_death();
    drop(writer.lock().unwrap().whole().unwrap());
}

#[test]
fn a_holder_that_is_stopped_is_named_at_the_deadline_and_keeps_its_turn() {
    every_backend(|place| {
        let address = place.address();
        let mut own = create(place);
        let mut other = other(place, GRACE);
        assert_eq!(other.ask("lock"), "whole");
        assert_eq!(other.ask("write 0 1"), "written");
        other.stop();
        let timeout = ErrorKind::LockTimeout { pid: Some(other.pid()) };
        for refused in [
            ends_at(TIMEOUT, || own.write(0, &quote(9))),
            ends_at(TIMEOUT, || own.lock().map(drop)),
            ends_at(TIMEOUT, || own.batch(|batch| batch.set(0, &quote(9)))),
        ] {
            assert_eq!(error_of(refused, address), timeout);
        }
        other.go_on();
        assert_eq!(other.ask("write 1 2"), "written");
        assert_eq!(other.ask("unlock"), "unlocked");
        let turn = own.lock().unwrap().whole().unwrap();
        let found = [0, 1].map(|index| turn.read_versioned(index).unwrap().value);
        assert_eq!(found, [quote(1), quote(2)]);
    });
}

#[test]
fn who_sleeps_for_the_lock_of_one_that_died_before_its_wake_has_it_soon() {
    every_backend(|place| {
        let mut own =
            Options::new().timeout(12 * GRACE).create_shared::<Quote>(place.address(), CAPACITY).unwrap();
        let image = Image::of(place);
        is_kept(AFTER_DEATH, || {
            // The writer with slot 9 has the turn, and lives.
            let held = lock::take(place, 2 + 9).unwrap();
            image.put(at::LOCK, &10_u32.to_le_bytes());
            thread::scope(|scope| {
                let waiter = scope.spawn(|| (matches!(own.lock().unwrap(), Turn::Whole(_)), Instant::now()));
                until("it sleeps for the lock", || image.half(at::LOCK) & at::LOCK_WAITERS != 0);
                // All that the other one comes to.
                let unlocked = Instant::now();
                image.put(at::LOCK, &[0; 4]);
                drop(held);
                let (is_whole, locked) = waiter.join().unwrap();
                assert!(is_whole, "nobody died in a turn");
                let took = locked.saturating_duration_since(unlocked);
                println!("behind one that died before its wake: {took:?}");
                ((), took)
            })
        });
    });
}

#[test]
fn threads_of_one_process_never_steal_from_one_another() {
    every_backend(|place| {
        let mut one = create(place);
        let mut other = Options::new().timeout(2 * GRACE).open_shared::<Quote>(place.address()).unwrap();
        let turn = one.lock().unwrap().whole().unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| drop(other.lock().unwrap().whole().unwrap()));
            // It asks for the holder every 10 ms.
            thread::sleep(TIMEOUT);
            assert!(!waiter.is_finished());
            drop(turn);
            waiter.join().unwrap();
        });
        assert_eq!(Image::of(place).word(at::POISON_EPOCH), 0);
    });
}

#[test]
fn a_storm_of_signals_prolongs_no_wait_for_a_turn() {
    every_backend(|place| {
        let mut own = create(place);
        let options = Options::new().timeout(TIMEOUT);
        let mut other = options.open_shared::<Quote>(place.address()).unwrap();
        let turn = own.lock().unwrap();
        let _storm = Storm::new();
        let refused = ends_at(TIMEOUT, || other.write(0, &quote(1)));
        let pid = Some(std::process::id());
        assert_eq!(error_of(refused, place.address()), ErrorKind::LockTimeout { pid });
        drop(turn);
        for number in 0..1000 {
            other.write(0, &quote(number)).unwrap();
        }
        // And from the dead, who are found out long before the timeout.
        let mut patient = Options::new().timeout(12 * GRACE).open_shared::<Quote>(place.address()).unwrap();
        is_kept(AFTER_DEATH, || {
            Image::of(place).put(at::LOCK, &62_u32.to_le_bytes());
            let (written, took) = timed(|| patient.write(0, &quote(1)));
            println!("from the dead in a storm: {took:?}");
            (written.unwrap(), took)
        });
        is_after_death(&mut other, place.address());
    });
}

#[test]
fn one_deadline_is_for_the_turn_and_what_is_read_in_it_waits_for_nobody() {
    every_backend(|place| {
        let mut own = create(place);
        own.write(0, &quote(1)).unwrap();
        let image = Image::of(place);
        // Odd, and nothing in the log that says why: whoever reads it outside of a turn waits until the deadline.
        let damage = || image.set_word(image.version_at(0), 7);
        let contended = |result| matches!(error_of(result, place.address()), ErrorKind::Contended { .. });
        let late = TIMEOUT / 2;
        is_kept(TIMEOUT + EXCESS, || {
            damage();
            let (held, unlocked) = (lock::take(place, 2 + 9).unwrap(), Image::of(place));
            image.put(at::LOCK, &10_u32.to_le_bytes());
            thread::scope(|scope| {
                scope.spawn(move || {
                    thread::sleep(late);
                    unlocked.put(at::LOCK, &[0; 4]);
                    drop(held);
                });
                let (updated, took) = timed(|| own.update(0, |quote| quote));
                let kind = error_of(updated, place.address());
                // Another one, if the lock was given away too late for this one.
                let is_late = matches!(kind, ErrorKind::LockTimeout { .. });
                assert!(is_late || matches!(kind, ErrorKind::Contended { .. }), "{kind:?}");
                ((), if is_late { GRACE } else { took })
            })
        });
        damage();
        ends_at(Duration::ZERO, || {
            own.batch(|batch| {
                assert!(contended(batch.get(0)) && contended(batch.get(0)));
                Ok(())
            })
            .unwrap();
            let turn = own.lock().unwrap().any();
            assert!(contended(turn.read_versioned(0).map(|record| record.value)));
        });
        // A write makes it whole.
        own.write(0, &quote(2)).unwrap();
        assert_eq!(own.update(0, |_| quote(3)).unwrap(), quote(3));
    });
}

#[test]
fn without_the_guards_name_turns_go_on_and_nobody_joins() {
    every_public_backend(|place| {
        let address = place.address();
        let mut own = create(place);
        let [mut one, mut two] = [(); 2].map(|()| other(place, TIMEOUT));
        place.remove(Part::Guard);
        assert_eq!(one.ask("write 0 1"), "written");
        own.write(0, &quote(2)).unwrap();
        assert_eq!(two.ask("read 0"), "2");
        assert_eq!(error_of(SharedWriter::<Quote>::open(address), address), ErrorKind::GuardLost);

        assert_eq!(one.ask("lock"), "whole");
        let refused = error_of(own.write(0, &quote(3)), address);
        // Of a set that is gone nobody knows who lives.
        let expected = match place.backend() {
            Backend::Sysv => ErrorKind::GuardLost,
            _ => ErrorKind::LockTimeout { pid: Some(one.pid()) },
        };
        assert_eq!(refused, expected, "never a second holder");
        one.kill();
        match (place.backend(), own.write(0, &quote(4))) {
            (Backend::Sysv, refused) => assert_eq!(error_of(refused, address), ErrorKind::GuardLost),
            (_, written) => {
                written.unwrap();
                is_after_death(&mut own, address);
                assert_eq!(two.ask("write 0 5"), "written");
            }
        }
    });
}

#[test]
fn another_guard_under_the_name_makes_no_second_holder() {
    every_public_backend(|place| {
        let address = place.address();
        let mut own = create(place);
        let mut other = other(place, TIMEOUT);
        place.remove(Part::Guard);
        place.make_guard();
        assert_eq!(other.ask("lock"), "whole");
        assert_eq!(error_of(SharedWriter::<Quote>::open(address), address), ErrorKind::GuardLost);
        let refused = error_of(own.lock(), address);
        assert!(
            matches!(refused, ErrorKind::GuardLost | ErrorKind::LockTimeout { .. }),
            "never a second holder: {refused:?}"
        );
        assert_eq!(other.ask("unlock"), "unlocked");
        own.write(0, &quote(1)).unwrap();
    });
}

#[test]
fn turns_are_taken_from_the_dead_of_another_pid_namespace() {
    for own_proc in [true, false] {
        every_public_backend(|place| {
            let address = place.address();
            let Some(mut apart) = Actor::start_apart(env!("CARGO_BIN_EXE_many"), &["share"], own_proc) else {
                return;
            };
            let mut own = create(place);
            open(&mut apart, place, TIMEOUT);
            assert_eq!(apart.ask("write 0 1"), "written");

            // Neither steals from one who lives.
            let mut here = other(place, TIMEOUT);
            assert_eq!(here.ask("lock"), "whole");
            let said = apart.ask("write 0 2");
            let named = format!("held by {}", here.pid());
            assert!(if own_proc { said == "held by 0" } else { said == named }, "{said}");
            here.kill();
            assert_eq!(apart.ask("lock"), "after death");
            assert_eq!(apart.ask("clear"), "cleared");
            assert_eq!(apart.ask("write 0 3"), "written");
            let refused = error_of(own.write(0, &quote(4)), address);
            assert_eq!(refused, ErrorKind::LockTimeout { pid: None }, "process 1 is another one here");
            apart.kill();
            // It dies a little later than its parent.
            let begin = Instant::now();
            while let Err(error) = own.write(0, &quote(5)) {
                assert!(begin.elapsed() < GRACE, "{error}");
            }
            is_after_death(&mut own, address);
        });
    }
}

#[test]
fn writers_of_another_ipc_namespace_share_files_and_no_keys() {
    let test = "turns::writers_of_another_ipc_namespace_share_files_and_no_keys";
    for backend in Backend::PUBLIC {
        Alone::new(test).ipc().run_after(
            || {
                let place = Place::new(backend);
                let mut writer = create(&place);
                // Dies in its turn, as far as anybody knows.
                writer.write(0, &quote(1)).unwrap();
                Image::of(&place).put(at::LOCK, &40_u32.to_le_bytes());
                (place.address().to_owned(), (place, writer))
            },
            |address| {
                let opened = SharedWriter::<Quote>::open(address);
                if address.starts_with("sysv:") {
                    assert_eq!(error_of(opened, address), ErrorKind::NotFound);
                    return;
                }
                let mut writer = opened.unwrap();
                assert_eq!(writer.slot(), 1);
                writer.write(0, &quote(2)).unwrap();
                let told = error_of(writer.lock().and_then(Turn::whole), address);
                assert_eq!(told, ErrorKind::AfterDeath);
            },
        );
    }
}

#[test]
fn who_enters_another_ipc_namespace_steals_from_nobody() {
    Alone::new("turns::who_enters_another_ipc_namespace_steals_from_nobody").ipc().run(|| {
        let place = Place::new(Backend::Sysv);
        let (mut one, mut two) = (create(&place), create(&place));
        let reader = Reader::<Quote>::open(place.address()).unwrap();
        let turn = one.lock().unwrap().whole().unwrap();
        sysv::leave_namespace().unwrap();
        let refused = error_of(two.write(0, &quote(1)), place.address());
        assert_eq!(refused, ErrorKind::GuardLost, "here its id is another set's or none's");
        drop(turn);
        two.write(0, &quote(2)).unwrap();
        assert_eq!(reader.read(0).unwrap(), quote(2));
    });
}

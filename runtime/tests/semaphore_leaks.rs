//! Failed calls leave nothing: no descriptor, no mapping, no set, no name. A program of its own, because it counts those of
//! the whole process.

#[path = "semaphore/place.rs"]
mod place;
#[path = "semaphore/raw.rs"]
#[expect(dead_code, reason = "one function of it")]
mod raw;

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use place::Place;
use shmrecord::{Semaphore, SemaphoreOptions};

/// Descriptors, mappings, sets and names of this process.
fn holdings(keys: &[libc::key_t]) -> [usize; 4] {
    let text = |path: &str| fs::read_to_string(path).unwrap();
    let names = fs::read_dir("/dev/shm").unwrap().map(|entry| entry.unwrap().file_name());
    let mine = format!("-{}-", std::process::id());
    let set = |line: &str| keys.iter().any(|key| line.trim().starts_with(&key.to_string()));
    [
        fs::read_dir("/proc/self/fd").unwrap().count(),
        text("/proc/self/maps").lines().filter(|line| line.contains("/dev/shm")).count(),
        text("/proc/sysvipc/sem").lines().filter(|line| set(line)).count(),
        names.filter(|name| name.to_string_lossy().contains(&mine)).count(),
    ]
}

#[test]
fn failed_calls_leave_nothing() {
    let [free_posix, free_sysv] = Place::both();
    let [taken_posix, taken_sysv] = Place::both();
    let [unfinished, link, short] = [Place::sysv(), Place::posix(), Place::posix()];
    let taken = [&taken_posix, &taken_sysv].map(|place| Semaphore::create(place.address(), 1).unwrap());
    raw::make(unfinished.key(), 2, 0o600);
    symlink(taken_posix.file(), link.file()).unwrap();
    fs::write(short.file(), [0; 31]).unwrap();
    let keys = [&free_sysv, &taken_sysv, &unfinished].map(Place::key);

    let options = SemaphoreOptions::new().timeout(Duration::ZERO);
    let before = holdings(&keys);
    for _ in 0..50 {
        for free in [&free_posix, &free_sysv].map(Place::address) {
            options.open(free).unwrap_err();
            options.unlink(free).unwrap_err();
            options.create(free, u32::MAX).unwrap_err();
            options.clone().mode(0).create(free, 1).unwrap_err();
        }
        options.clone().undo(true).create(free_posix.address(), 1).unwrap_err();
        for taken in [&taken_posix, &taken_sysv].map(Place::address) {
            options.create(taken, 1).unwrap_err();
        }
        options.open(unfinished.address()).unwrap_err();
        for wrong in [&link, &short].map(Place::address) {
            options.open(wrong).unwrap_err();
            options.open_or_create(wrong, 1).unwrap_err();
            options.create(wrong, 1).unwrap_err();
            options.unlink(wrong).unwrap_err();
        }
    }
    assert_eq!(holdings(&keys), before, "descriptors, mappings, sets, names");

    for _ in 0..50 {
        for free in [&free_posix, &free_sysv].map(Place::address) {
            let one = options.create(free, 1).unwrap();
            let two = options.open(free).unwrap();
            two.wait().unwrap();
            options.unlink(free).unwrap();
            one.close();
        }
    }
    assert_eq!(holdings(&keys), before, "after closing and unlinking");

    drop(taken);
    for wrong in [&link, &short] {
        fs::remove_file(wrong.file()).unwrap();
    }
}

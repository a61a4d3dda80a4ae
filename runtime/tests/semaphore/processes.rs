//! Several processes: one waits and another posts, and what a kill leaves.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use shmrecord::{Semaphore, SemaphoreOptions};

use crate::place::Place;
use crate::{program, until};

/// A process that is killed on drop.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Starts one that holds the semaphore.
    fn holding(address: &str, undo: bool) -> Self {
        let mut process = Self::start(program().args(undo.then_some("--undo")).args(["hold", address]));
        let mut line = String::new();
        BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        process
    }

    /// Starts one that waits, and returns when it does.
    fn waiting(address: &str) -> Self {
        let process = Self::start(program().args(["wait", address]));
        let stat = format!("/proc/{}/stat", process.0.id());
        until("the process waits", || std::fs::read_to_string(&stat).unwrap().contains(") S "));
        process
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_process_waits_and_another_posts() {
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 0).unwrap();
        let mut waiter = Process::waiting(place.address());
        semaphore.post().unwrap();
        assert!(waiter.0.wait().unwrap().success());
        assert_eq!(semaphore.value().unwrap(), 0);

        thread::scope(|scope| {
            let waiter = scope.spawn(|| semaphore.wait());
            assert!(program().args(["post", place.address()]).status().unwrap().success());
            waiter.join().unwrap().unwrap();
        });
        let late = program().args(["wait", place.address(), "0.01"]).status().unwrap();
        assert_eq!(late.code(), Some(3), "no post within 10 ms");
    }
}

#[test]
fn a_killed_waiter_takes_nothing() {
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 0).unwrap();
        Process::waiting(place.address()).kill();
        semaphore.post().unwrap();
        assert_eq!(semaphore.value().unwrap(), 1);
        assert!(semaphore.waiting().unwrap().is_none_or(|waiting| waiting == 0));
    }
}

#[test]
fn what_a_killed_holder_took_stays_taken() {
    for place in Place::both() {
        let semaphore = Semaphore::create(place.address(), 1).unwrap();
        let holder = Process::holding(place.address(), false);
        let pid = holder.0.id();
        holder.kill();
        assert!(!semaphore.wait_timeout(Duration::from_millis(5)).unwrap());
        assert!(semaphore.last_pid().unwrap().is_none_or(|last| last == pid), "System V names the dead");
    }
}

#[test]
fn with_undo_the_kernel_gives_it_back_at_once() {
    let place = Place::sysv();
    let semaphore = SemaphoreOptions::new().undo(true).create(place.address(), 1).unwrap();
    let holder = Process::holding(place.address(), true);
    thread::scope(|scope| {
        let waiter = scope.spawn(|| semaphore.wait());
        until("the thread waits", || semaphore.waiting().unwrap() == Some(1));
        holder.kill();
        waiter.join().unwrap().unwrap();
    });
    semaphore.post().unwrap();
    assert_eq!(semaphore.value().unwrap(), 1);
}

#[test]
fn what_was_given_back_is_not_undone() {
    let place = Place::sysv();
    let semaphore = Semaphore::create(place.address(), 1).unwrap();
    let mut holder = Process::holding(place.address(), true);
    drop(holder.0.stdin.take());
    assert!(holder.0.wait().unwrap().success());
    assert_eq!(semaphore.value().unwrap(), 1);
}

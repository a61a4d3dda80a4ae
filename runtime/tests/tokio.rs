//! Awaiting publications: what is told, what a cancelled wait leaves to the next, and that others go on meanwhile. Relies on the
//! feature `tokio`, and on executors of one thread, in which whatever blocks is seen at once.

#![expect(unsafe_code, reason = "fork and waitpid, and a copy that only a child drops")]

use std::future::Future;
use std::pin::pin;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use shmrecord::{AsyncNotifier, ErrorKind, Options, Reader, ShmRecord, Writer, remove};

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Quote {
    price: f64,
}

/// A table with a doorbell, removed at the end.
struct Table {
    address: String,
    writer: Writer<Quote>,
    reader: Reader<Quote>,
}

impl Table {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let address = format!("posix:/shmrecord-awaited-{}-{count}", process::id());
        let writer = Options::new().doorbell(true).create(&address, 40).unwrap();
        let reader = Reader::open(&address).unwrap();
        Self { address, writer, reader }
    }

    fn write(&mut self, index: usize, price: u32) {
        self.writer.write(index, &Quote { price: price.into() }).unwrap();
    }

    fn news(&self) -> AsyncNotifier {
        self.reader.notifier().unwrap().into_async().unwrap()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let _ = remove(&self.address);
    }
}

/// Runs this, which may take a minute: what is missed would be waited for for ever.
fn in_executor<R>(run: impl Future<Output = R>) -> R {
    let (_ends, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        if ended.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("a wait does not end");
            process::abort();
        }
    });
    tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap().block_on(run)
}

/// What it gives if it is asked once, and then dropped: a wait that is cancelled.
fn once<R>(future: impl Future<Output = R>) -> Poll<R> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets other tasks, and the descriptors, have their turn.
async fn pause() {
    thread::sleep(Duration::from_millis(2));
    tokio::task::yield_now().await;
}

#[test]
fn every_version_is_told_in_time() {
    let mut table = Table::new();
    let reader = Reader::<Quote>::open(&table.address).unwrap();
    in_executor(async {
        let mut news = table.news();
        let writing = thread::spawn(move || {
            for price in 1..=500 {
                table.write(7, price);
                if price % 3 == 0 {
                    thread::yield_now();
                }
            }
            table
        });
        let mut seen = 0;
        while seen < 500 {
            news.changed().await.unwrap();
            let record = reader.read_versioned(7).unwrap();
            assert!(record.version >= seen);
            seen = record.version;
        }
        writing.join().unwrap();
    });
}

#[test]
fn what_a_cancelled_wait_would_have_told_the_next_tells() {
    let mut table = Table::new();
    in_executor(async {
        let mut news = table.news();
        for price in 1..=100 {
            assert!(once(news.changed()).is_pending(), "nothing is new");
            table.write(7, price);
            // Cancelled before, while and after the descriptor becomes readable.
            let mut told = false;
            for turn in 0..price % 4 {
                if turn > 0 {
                    pause().await;
                }
                told = told || once(news.changed()).map(Result::unwrap).is_ready();
            }
            if !told {
                news.changed().await.unwrap();
            }
        }
    });
}

#[test]
fn a_child_that_drops_it_takes_nothing_from_its_parent() {
    let mut table = Table::new();
    in_executor(async {
        let mut news = table.news();
        // SAFETY: the child polls once, drops what it owns and ends, and needs nothing of other threads.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let asked = once(news.changed());
            let is_well =
                matches!(asked, Poll::Ready(Err(error)) if *error.kind() == ErrorKind::ForkedHandle);
            // SAFETY: the copy is dropped in the child alone, which ends without dropping the original.
            drop(unsafe { (&raw const news).read() });
            // SAFETY: ends this process, and runs nothing of the parent's on the way.
            unsafe { libc::_exit(i32::from(!is_well)) };
        }
        let mut status = 0;
        // SAFETY: the status is an int that lives across the call.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
        table.write(7, 1);
        news.changed().await.unwrap();
    });
}

#[test]
fn who_waits_keeps_nobody_from_running() {
    let mut table = Table::new();
    in_executor(async {
        let mut news = table.news();
        let waiter = tokio::spawn(async move {
            news.changed().await.unwrap();
            news
        });
        // One thread for all: these would not come to their end beside a wait that blocks.
        for _ in 0..20 {
            pause().await;
        }
        assert!(!waiter.is_finished());
        table.write(7, 1);
        waiter.await.unwrap();
    });
}

#[test]
fn one_of_a_list_of_records_is_told_of_those() {
    let mut table = Table::new();
    in_executor(async {
        let mut news = table.reader.notifier_of(&[3, 4]).unwrap().into_async().unwrap();
        table.write(5, 1);
        pause().await;
        assert!(once(news.changed()).is_pending());
        table.write(4, 1);
        news.changed().await.unwrap();
    });
}

#[test]
fn removal_ends_every_wait() {
    let table = Table::new();
    in_executor(async {
        let mut news = table.news();
        assert!(once(news.changed()).is_pending());
        remove(&table.address).unwrap();
        for _ in 0..2 {
            assert_eq!(*news.changed().await.unwrap_err().kind(), ErrorKind::Retired);
        }
    });
}

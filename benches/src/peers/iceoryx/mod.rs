//! `iceoryx2`: its blackboard, the same with an event for those who sleep, and publish-subscribe. Here: where its files go,
//! and how they are taken away. Every trial has a directory and a prefix of its own; knows no service.

mod blackboard;
mod event;
mod publish;

use std::{fmt, fs};

use iceoryx2::config::Config;
use iceoryx2::node::Node;
use iceoryx2::prelude::*;

pub(crate) use self::blackboard::Blackboard;
pub(crate) use self::event::Notified;
pub(crate) use self::publish::Topics;
use super::{Place, remove_shared};
use crate::miss::Outcome;
use crate::sample::Sample;

/// Of one thread in each process, so without a lock.
type Service = ipc::Service;

/// A record, with what this crate asks of what is sent.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Carried<T>(T);

// SAFETY: words, which mean the same in every process and need no drop.
unsafe impl<T: Sample> ZeroCopySend for Carried<T> {}

impl<T: Sample> fmt::Debug for Carried<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Carried").field(&self.0.tag()).finish()
    }
}

/// Where services will be, and how many records they hold.
pub(crate) struct Site {
    name: String,
    records: usize,
}

impl Site {
    fn new(place: &Place, records: usize) -> Self {
        Self { name: place.name().to_owned(), records }
    }

    /// A process's part in it, of which each end of a trial has one: to attach is what a program does that begins.
    fn node(&self) -> Outcome<Node<Service>> {
        // It warns of the dead, whom trials leave behind.
        set_log_level(LogLevel::Error);
        let mut config = Config::default();
        config.global.prefix = prefix(&self.name).as_str().try_into()?;
        config.global.set_root_path(&directory(&self.name).as_str().try_into()?);
        // Who interrupts a run means all of it.
        let signals = SignalHandlingMode::Disabled;
        Ok(NodeBuilder::new().config(&config).signal_handling_mode(signals).create()?)
    }
}

/// In front of the names of its shared memory.
fn prefix(name: &str) -> String {
    format!("{name}_")
}

/// For its files. Nowhere deeper: among them are sockets, whose paths have this name twice and 107 bytes at most.
fn directory(name: &str) -> String {
    format!("/tmp/{name}")
}

/// Some of it stays for good, and nearly all of it when a process is killed.
fn remove(place: &Place) {
    // It may never have come to be.
    let _ = fs::remove_dir_all(directory(place.name()));
    remove_shared(&prefix(place.name()));
}

#[cfg(test)]
mod tests {
    use super::super::crossing::{crosses, leaves_nothing};
    use super::blackboard::SHARE;
    use super::{Blackboard, Notified, Topics};

    #[test]
    fn values_get_to_another_process_and_nothing_stays() {
        // Into the second service.
        crosses::<Blackboard>("table", SHARE + 1);
        crosses::<Notified>("event", 3);
        crosses::<Topics>("topic", 3);
        leaves_nothing::<Blackboard>("table-dies");
        leaves_nothing::<Notified>("event-dies");
        leaves_nothing::<Topics>("topic-dies");
    }
}

//! Who takes part in what: every contestant by its name. Relies on the peers and the trials; measures nothing itself.

use super::atomic_cell::Cells;
use super::bare::Bare;
use super::descriptors::{Datagram, Fifo, Pipe, Stream, Tcp, Through};
use super::futex::Futex;
use super::iceoryx::{Blackboard, Notified, Topics};
use super::locks::Guarded;
use super::mmap_sync::Files;
use super::ours::{ByValue, FITTING, LINE, Ours, PACKED, SPLIT, Waiting};
use super::ringfire::Slots;
use super::seqlock::Locks;
use super::staged::Staged;
use super::{Peer, locks, messages};
use crate::bench;
use crate::effort::Effort;
use crate::miss::{Miss, Outcome};
use crate::sample::{Bytes32, Bytes64, Bytes256, Bytes4096};
use crate::suites::Trial;

/// What it is, for the choice of tables that it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bare memory: the limit.
    Limit,
    /// The limit for who writes through a log.
    Logged,
    /// shmrecord as it is used most.
    Ours,
    /// shmrecord otherwise.
    Variant,
    /// Another one with a name to attach by, whose readers see the latest value.
    Latest,
    /// The same in memory that its processes must inherit or map by themselves: there is nothing to attach to or to create.
    Memory,
    /// One with a system call for each value: it stands in the comparison of all mechanisms alone.
    Kernel,
}

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    run: fn(Trial, usize, &Effort) -> Outcome,
    /// The same with a reader that sleeps until something comes.
    asleep: Option<fn(Trial, usize, &Effort) -> Outcome>,
}

impl Contestant {
    /// The figures of one trial with records of so many bytes, in processes of its own.
    pub(crate) fn run(&self, trial: Trial, bytes: usize, effort: &Effort) -> Outcome {
        (self.run)(trial, bytes, effort)
    }

    /// As [`Contestant::run`], of 64 bytes, where who waits sleeps.
    pub(crate) fn run_asleep(&self, trial: Trial, effort: &Effort) -> Outcome {
        self.asleep.map_or(Miss::limit("nothing to sleep by"), |run| run(trial, 64, effort))
    }

    const fn asleep<P: Peer<Bytes64>>(mut self) -> Self {
        self.asleep = Some(of_64::<P>);
        self
    }
}

/// All of them, in the order in which they are printed.
pub(crate) const ALL: &[Contestant] = &[
    latest::<Bare>("bare memory", Kind::Limit).asleep::<Futex>(),
    latest::<Staged>("stores of a logged write, bare", Kind::Logged),
    latest::<Ours<1, FITTING>>("shmrecord", Kind::Ours).asleep::<Waiting>(),
    latest::<Ours<4, FITTING>>("shmrecord, 4 cells", Kind::Ours),
    latest::<Ours<1, LINE>>("shmrecord, line", Kind::Variant),
    latest::<Ours<1, SPLIT>>("shmrecord, split", Kind::Variant),
    latest::<Ours<1, PACKED>>("shmrecord, packed", Kind::Variant),
    latest::<ByValue>("shmrecord, by value", Kind::Variant),
    latest::<Blackboard>("iceoryx2, blackboard", Kind::Latest).asleep::<Notified>(),
    latest::<Topics>("iceoryx2, publish-subscribe", Kind::Latest),
    latest::<Slots>("ringfire, blackboard", Kind::Latest),
    latest::<Files>("mmap-sync", Kind::Latest),
    latest::<Locks>("seqlock", Kind::Memory),
    latest::<Cells>("AtomicCell of crossbeam", Kind::Memory),
    latest::<Guarded<locks::Posix>>("POSIX semaphore", Kind::Memory),
    latest::<Guarded<locks::Robust>>("robust mutex", Kind::Memory),
    latest::<Guarded<locks::SystemV>>("System V semaphore", Kind::Kernel),
    queue::<Through<Pipe, false>>("pipe").asleep::<Through<Pipe, true>>(),
    queue::<Through<Fifo, false>>("FIFO").asleep::<Through<Fifo, true>>(),
    queue::<messages::Posix<false>>("POSIX message queue").asleep::<messages::Posix<true>>(),
    queue::<messages::SystemV<false>>("System V message queue").asleep::<messages::SystemV<true>>(),
    queue::<Through<Stream, false>>("Unix stream socket").asleep::<Through<Stream, true>>(),
    queue::<Through<Datagram, false>>("Unix datagram socket").asleep::<Through<Datagram, true>>(),
    queue::<Through<Tcp, false>>("TCP, loopback").asleep::<Through<Tcp, true>>(),
];

/// One that takes part in everything.
const fn latest<P>(name: &'static str, kind: Kind) -> Contestant
where
    P: Peer<Bytes32> + Peer<Bytes64> + Peer<Bytes256> + Peer<Bytes4096>,
{
    Contestant { name, kind, run: of_any_size::<P>, asleep: None }
}

/// One that carries 64 bytes.
const fn queue<P: Peer<Bytes64>>(name: &'static str) -> Contestant {
    Contestant { name, kind: Kind::Kernel, run: of_64::<P>, asleep: None }
}

fn of_any_size<P>(trial: Trial, bytes: usize, effort: &Effort) -> Outcome
where
    P: Peer<Bytes32> + Peer<Bytes64> + Peer<Bytes256> + Peer<Bytes4096>,
{
    match bytes {
        32 => bench::looked_after(
            effort,
            |at| trial.of_any_size::<P, Bytes32>(at, effort),
            <P as Peer<Bytes32>>::remove,
        ),
        64 => of_64::<P>(trial, bytes, effort),
        256 => bench::looked_after(
            effort,
            |at| trial.of_any_size::<P, Bytes256>(at, effort),
            <P as Peer<Bytes256>>::remove,
        ),
        4096 => bench::looked_after(
            effort,
            |at| trial.of_64_and_more_bytes::<P, Bytes4096>(at, effort),
            <P as Peer<Bytes4096>>::remove,
        ),
        _ => Miss::limit(format!("no sample has {bytes} bytes")),
    }
}

fn of_64<P: Peer<Bytes64>>(trial: Trial, bytes: usize, effort: &Effort) -> Outcome {
    if bytes != 64 {
        return Miss::limit("64 bytes alone");
    }
    bench::looked_after(effort, |at| trial.of_64_bytes::<P, Bytes64>(at, effort), P::remove)
}

//! The words of a segment that change while it lives, but for versions, cells and log: state, epoch and owner, signs of life,
//! the lock of many writers. Relies on `region::map`, `guard` for the words with a protocol, `futex` and `host`; knows no records.

use shmrecord_layout::abi::{self, live};

use crate::futex;
use crate::guard::doorbell::Doorbell;
use crate::guard::lock::Lock;
use crate::host;
use crate::region::map::Map;
use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};

/// How far a table that replaces another one begins above the changes of that one: further than an old writer that goes on
/// gets there, so that who waits for changes finds one.
const CHANGES_OF_A_TABLE: u64 = 1 << 32;

/// The live words of a mapped segment that is long enough for those that every table has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live<'a>(&'a Map);

impl<'a> Live<'a> {
    /// Those of this mapping.
    #[inline(always)]
    pub(crate) fn of(map: &'a Map) -> Self {
        Self(map)
    }

    fn load(&self, offset: usize) -> u64 {
        self.0.word(offset).load(Ordering::Relaxed)
    }

    /// Whether the table was removed.
    pub(crate) fn is_retired(&self) -> bool {
        self.load(live::STATE) == live::STATE_RETIRED
    }

    /// How often the role of writer was taken.
    pub(crate) fn epoch(&self) -> u64 {
        self.load(live::EPOCH)
    }

    /// Pid, start time and moment of the last take-over, as that writer stored them.
    pub(crate) fn owner(&self) -> (u64, u64, u64) {
        (self.load(live::OWNER_PID), self.load(live::OWNER_START), self.load(live::OWNER_SINCE_UNIX_NS))
    }

    /// The first words of a new segment: live, of the first epoch, or of the next one after [`Live::succeed`].
    pub(crate) fn begin(&self, now_unix_ns: u64) {
        self.0.word(live::STATE).store(live::STATE_LIVE, Ordering::Relaxed);
        self.begin_epoch(now_unix_ns);
    }

    /// Goes on with what the table counted that this new one replaces, and with this poison. Before [`Live::begin`].
    pub(crate) fn succeed(&self, old: Live<'_>, poison: u64) {
        let put = |offset, value| self.0.word(offset).store(value, Ordering::Relaxed);
        put(live::EPOCH, old.epoch());
        put(live::CHANGES, old.changes().wrapping_add(CHANGES_OF_A_TABLE));
        put(live::POISON_EPOCH, poison);
    }

    /// Names this process as the writer and counts the epoch up. The caller holds the role, or joins others.
    pub(crate) fn begin_epoch(&self, now_unix_ns: u64) {
        let put = |offset, value| self.0.word(offset).store(value, Ordering::Relaxed);
        put(live::OWNER_PID, u64::from(std::process::id()));
        put(live::OWNER_START, host::own_start().unwrap_or(0));
        put(live::OWNER_SINCE_UNIX_NS, now_unix_ns);
        self.beat();
        let epoch = self.0.word(live::EPOCH);
        // Last, so that an epoch that is seen was taken by an owner that is named. Nobody acquires it: it is for people.
        epoch.store(epoch.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// A sign of life of a writer: who sees it sees what this one published, or recovered, before.
    pub(crate) fn beat(&self) {
        self.0.word(live::STAMP).store(host::coarse_monotonic_ns(), Ordering::Release);
    }

    /// When a writer last gave a sign of life, by the coarse clock of its boot. What that one published before is seen by the
    /// reads that follow.
    pub(crate) fn stamp(&self) -> u64 {
        let stamp = self.load(live::STAMP);
        // Pairs with the release in `beat`.
        fence(Ordering::Acquire);
        stamp
    }

    /// How often anything was published, in a table that counts it. What was published before is seen by the reads that follow.
    pub(crate) fn changes(&self) -> u64 {
        let changes = self.load(live::CHANGES);
        // Pairs with the release in `count_change`.
        fence(Ordering::Acquire);
        changes
    }

    /// Counts a publication. Only for who may write.
    #[inline]
    pub(crate) fn count_change(&self) {
        let changes = self.0.word(live::CHANGES);
        // Nobody else stores here meanwhile. Who sees it sees what was published.
        changes.store(changes.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// The lock of many writers, for the one with this slot.
    #[inline(always)]
    pub(crate) fn lock(&self, slot: u32) -> Lock<'a> {
        Lock::new(self.0.half_word(live::LOCK), slot)
    }

    /// The word of that lock, for who sleeps on it.
    #[inline]
    pub(crate) fn lock_word(&self) -> &'a AtomicU32 {
        self.0.half_word(live::LOCK)
    }

    /// The epoch when a holder of the lock was found dead; 0: none, or it was cleared. Only for who holds the lock.
    #[inline]
    pub(crate) fn poison(&self) -> &'a AtomicU64 {
        self.0.word(live::POISON_EPOCH)
    }

    /// Process id and start time of the writer with this slot of many, as it stored them: for people.
    pub(crate) fn participant(&self, slot: u32) -> [&'a AtomicU64; 2] {
        let offset = live::PARTICIPANTS + 16 * slot as usize;
        [offset, offset + 8].map(|offset| self.0.word(offset))
    }

    /// Names this process as the writer with this slot.
    pub(crate) fn name_participant(&self, slot: u32) {
        let [pid, start] = self.participant(slot);
        pid.store(u64::from(std::process::id()), Ordering::Relaxed);
        start.store(host::own_start().unwrap_or(0), Ordering::Relaxed);
    }

    /// The doorbell, whose word for who waits is mapped wherever its user may store to it.
    pub(crate) fn doorbell(&self, waiting: &'a AtomicU32) -> Doorbell<'a> {
        Doorbell { rings: self.0.half_word(live::DOORBELL), waiting, state: self.0.word(live::STATE) }
    }

    /// Marks the table as removed, calls for its writer's attention, and wakes all who wait, for records or for a turn. The caller
    /// holds the guard's lock for removing; the segment is one of ours, however damaged.
    pub(crate) fn retire(&self) {
        self.0.word(live::STATE).store(live::STATE_RETIRED, Ordering::Release);
        let policy = self.0.half_word(abi::header::WAKE_POLICY).load(Ordering::Relaxed);
        let has_doorbell = policy == abi::WAKE_DOORBELL && self.has_page();
        self.doorbell(self.0.half_word(attention_offset(has_doorbell))).call_all();
        if has_doorbell {
            self.ring();
        }
        // Who comes to sleep a moment later looks again by itself, soon.
        if self.lock_word().load(Ordering::Relaxed) & live::LOCK_WAITERS != 0 {
            futex::wake(self.lock_word(), i32::MAX, futex::ANY);
        }
    }

    /// Wakes all who wait, so that they look.
    pub(crate) fn ring(&self) {
        let rings = self.0.half_word(live::DOORBELL);
        // Pairs with the fence behind the load of the one who comes to wait: it sees what it is to look for.
        rings.fetch_add(1, Ordering::Release);
        futex::wake(rings, i32::MAX, futex::ANY);
    }

    /// Wakes who waits for these groups, with nothing stored: what a thread that may only load can do for another. Who comes to
    /// sleep a moment later is not woken.
    pub(crate) fn rouse(&self, groups: u32) {
        futex::wake(self.0.half_word(live::DOORBELL), i32::MAX, groups);
    }

    /// Whether the segment is long enough for a page of who waits.
    fn has_page(&self) -> bool {
        self.0.length() >= live::WAITING_END
    }
}

/// Where what calls for a writer's attention lies, in a table with or without a doorbell.
pub(crate) fn attention_offset(has_doorbell: bool) -> usize {
    if has_doorbell { live::WAITING } else { live::ATTENTION }
}

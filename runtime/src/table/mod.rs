//! A table in a mapping: header, description, and the affine geometry that says where version and cells of a record lie.
//! Relies on `region`, `header`, `live`, `announce`, `guard` and `view`; knows no names and no record types.

#![expect(unsafe_code, reason = "references into the mapping at places that the validated geometry gives")]

use std::ops::Range;
use std::ptr::NonNull;

use shmrecord_layout::abi;
use shmrecord_layout::describe::{self, Description};

use crate::announce::Announcer;
use crate::geometry::LINE;
use crate::guard::batch::{self, Batch};
use crate::guard::doorbell::Doorbell;
use crate::guard::log::{Entry, HEAD, Log};
use crate::header::{self, Header};
use crate::live::{self, Live};
use crate::region::Segment;
use crate::region::map::{Access, Map};
#[cfg(target_arch = "x86_64")]
use crate::sync::find_vectors;
use crate::sync::{AtomicU32, AtomicU64, Ordering, fence};
use crate::view::View;

mod slot;

pub(crate) use slot::Slot;

/// A mapped table. Everything it uses of the header is a private, validated copy.
#[derive(Debug)]
pub(crate) struct Table {
    segment: Segment,
    header: Box<Header>,
    /// Index bound of every access.
    capacity: u64,
    /// Index bound of reads that nothing needs to be asked after: none, where the file may be cut meanwhile or there is a
    /// view.
    quick: u64,
    /// How its records are read as those of another version.
    view: Option<Box<View>>,
    places: Places,
    /// The log, in the mapping; without one, anything, which is not used.
    log: NonNull<u8>,
    /// Words of its entries.
    log_words: usize,
    log_stride: usize,
    /// The number of the last committed batch, in the mapping.
    committed: NonNull<u8>,
    /// What calls for a writer's attention, in the mapping.
    attention: NonNull<u8>,
    announcer: Announcer,
}

/// Where versions and cells are. Every slot has a copy: a loop over many keeps it in registers, although each attempt to read one
/// may change any memory as far as the compiler knows.
#[derive(Clone, Copy, Debug)]
struct Places {
    cells: u32,
    /// Words of a cell.
    words: usize,
    /// Version 0, in the mapping.
    first_version: NonNull<u8>,
    versions_stride: usize,
    /// Cell 0 of record 0, in the mapping.
    first_cell: NonNull<u8>,
    record_stride: usize,
    cell_stride: usize,
}

// SAFETY: the pointers lead into the mapping that the table owns, whose words are only touched as atomics, from any
// thread; everything else is Send.
unsafe impl Send for Table {}
// SAFETY: as for Send.
unsafe impl Sync for Table {}

impl Table {
    /// The table in this mapping, whose header has been validated against the mapping's length.
    pub(crate) fn new(segment: Segment, header: Header) -> Self {
        #[cfg(target_arch = "x86_64")]
        find_vectors();
        let (g, map) = (&header.geometry, segment.map());
        assert_eq!(g.segment_bytes, map.length() as u64, "the header was validated for this mapping");
        let pointer = |offset: u64| {
            assert!(offset <= g.segment_bytes);
            // SAFETY: not past the end of the mapping, whose length is `segment_bytes`.
            unsafe { map.base().add(place(offset)) }
        };
        Self {
            capacity: g.capacity,
            quick: if map.is_watched() { 0 } else { g.capacity },
            view: None,
            places: Places {
                cells: g.cells,
                words: place(g.cell_bytes / 8),
                first_version: pointer(g.versions_offset),
                versions_stride: place(g.versions_stride),
                first_cell: pointer(g.cells_offset),
                record_stride: place(g.record_stride),
                cell_stride: place(g.cell_stride),
            },
            log: pointer(g.log_offset),
            log_words: place(u64::from(g.log_entries) * g.log_entry_bytes / 8),
            log_stride: place(g.log_entry_bytes / 8),
            committed: pointer(abi::live::COMMIT_SEQ as u64),
            attention: pointer(live::attention_offset(header.shape.has_doorbell) as u64),
            announcer: Announcer::new(&header, map.access()),
            segment,
            header: Box::new(header),
        }
    }

    /// From here on its records are read through this view, if there is one.
    pub(crate) fn read_through(&mut self, view: Option<View>) {
        if let Some(view) = view {
            self.view = Some(Box::new(view));
            self.quick = 0;
        }
    }

    /// How its records are read as those of another version. `None`: they are read as they are.
    pub(crate) fn view(&self) -> Option<&View> {
        self.view.as_deref()
    }

    /// Whether who looks again and again for a new version is best off reading the record each time: it has one cache line at most,
    /// which is fetched together with its version's; or its file may be cut, which only who touches the record finds. Otherwise to
    /// ask for the version alone takes less from the writer.
    pub(crate) fn is_eager(&self) -> bool {
        self.places.words * 8 <= place(LINE) || self.segment.map().is_watched()
    }

    /// Words of a cell.
    pub(crate) fn words(&self) -> usize {
        self.places.words
    }

    /// Whether this is a child of the process that opened it for writing: then the mapping is not there.
    #[inline(always)]
    pub(crate) fn is_forked(&self) -> bool {
        self.segment.map().is_left()
    }

    /// The validated header.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The segment it lies in.
    pub(crate) fn segment(&self) -> &Segment {
        &self.segment
    }

    /// The segment it lies in, whose memory may still be given what is wished for.
    pub(crate) fn segment_mut(&mut self) -> &mut Segment {
        &mut self.segment
    }

    /// Number of records.
    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// How much later version `b` is than version `a`, negative when it is earlier. Versions wrap, those of one cell at
    /// 2^63 because their word counts twice; half of their range counts as later.
    pub(crate) fn version_distance(&self, a: u64, b: u64) -> i64 {
        let unused_bits = u32::from(self.places.cells == 1);
        (b.wrapping_sub(a) << unused_bits).cast_signed() >> unused_bits
    }

    /// The place of a record; `None` when the index is not below the capacity.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> Option<Slot<'_>> {
        ((index as u64) < self.capacity).then_some(Slot { table: self, places: self.places, index })
    }

    /// As [`Table::slot`], for a read that nothing is asked after: `None` where [`Map::is_cut`] or [`Table::view`] must be.
    #[inline(always)]
    pub(crate) fn quick_slot(&self, index: usize) -> Option<Slot<'_>> {
        ((index as u64) < self.quick).then_some(Slot { table: self, places: self.places, index })
    }

    /// The places of all records of a range, each as [`Table::quick_slot`] gives it.
    #[inline(always)]
    pub(crate) fn quick_slots(&self, range: Range<usize>) -> Option<impl Iterator<Item = Slot<'_>>> {
        let places = self.places;
        (range.end as u64 <= self.quick).then(|| range.map(move |index| Slot { table: self, places, index }))
    }

    /// The words that change while it lives.
    #[inline(always)]
    pub(crate) fn live(&self) -> Live<'_> {
        Live::of(self.segment.map())
    }

    /// Whether the table was removed.
    pub(crate) fn is_retired(&self) -> bool {
        self.live().is_retired()
    }

    /// How often the role of writer was taken; 0 where [`Table::is_forked`].
    pub(crate) fn epoch(&self) -> u64 {
        if self.is_forked() { 0 } else { self.live().epoch() }
    }

    /// Writes description, live words and header into a new, empty mapping, with this process as the writer; the magic last.
    pub(crate) fn format(map: &Map, header: &Header, description: &[u8]) {
        map.copy_in(place(header.geometry.description_offset), description);
        Live::of(map).begin(header.created_unix_ns);
        if header.shape.writers.are_many() {
            Live::of(map).name_participant(0);
        }
        let bytes = header.encode();
        map.copy_in(8, &bytes[8..]);
        map.word(abi::header::MAGIC).store(abi::MAGIC, Ordering::Release);
    }

    /// The description in the segment, from a private copy of its bytes; or what is wrong with them.
    pub(crate) fn description(&self) -> Result<Description, &'static str> {
        let g = &self.header.geometry;
        let bytes = self.segment.map().copy_out(place(g.description_offset), place(g.description_bytes));
        if header::checksum(&bytes) != self.header.description_checksum {
            return Err("its checksum does not match");
        }
        describe::decode(&bytes).map_err(|malformed| malformed.what)
    }

    /// Recovers what a dead holder of the lock left, and remembers that there was one. The caller holds the lock, and may itself
    /// die anywhere: who takes it from the dead then does all of this again.
    pub(crate) fn recover_from_death(&self) {
        self.live().poison().store(self.epoch(), Ordering::Relaxed);
        self.recover();
        self.announce_recovery();
    }

    /// Finishes or takes back what a dead writer left half-written. The caller holds the role.
    pub(crate) fn recover(&self) {
        // The kernel gave the role away after its holder's last store; this keeps the loads below behind that.
        fence(Ordering::Acquire);
        if self.places.cells == 1 {
            self.log().recover(|index| self.logged(index));
        }
    }

    /// The slot of an index that stands in the log; `None` when it is not below the capacity.
    fn logged(&self, index: u64) -> Option<batch::Slot<'_>> {
        let slot = self.slot(usize::try_from(index).ok()?)?;
        Some((slot.version(), slot.cell(0)))
    }

    /// Begins a batch; `None` in a table without a log. The caller holds the role.
    pub(crate) fn begin_batch(&self) -> Option<Batch<'_>> {
        debug_assert_eq!(self.segment.map().access(), Access::Write);
        (self.places.cells == 1).then(|| Batch::begin(self.log()))
    }

    /// Publishes a batch.
    pub(crate) fn commit(&self, batch: Batch<'_>) {
        batch.commit(|index| self.logged(index));
    }

    /// Runs reads of several records. `None`: a batch was committed meanwhile, so that they may be of two states.
    pub(crate) fn in_one_state<R>(&self, reads: impl FnOnce() -> R) -> Option<R> {
        batch::in_one_state(self.committed(), reads)
    }

    /// The number of the last committed batch. It orders nothing: another one than before says that reads since then are of no use.
    pub(crate) fn last_batch(&self) -> u64 {
        self.committed().load(Ordering::Relaxed)
    }

    /// A sign of life of a writer; nothing where [`Table::is_forked`].
    pub(crate) fn beat(&self) {
        if !self.is_forked() {
            self.live().beat();
        }
    }

    /// Comes behind a publication, and is of one writer at a time as that is; [`Table::call`] is to follow.
    #[inline(always)]
    pub(crate) fn mark(&self) {
        self.announcer.mark(self.live());
    }

    /// Wakes who waits for records of these groups, which were published. `false`: the table was removed, and nobody new finds
    /// them.
    #[inline(always)]
    pub(crate) fn call(&self, groups: u32) -> bool {
        // SAFETY: a live word at a multiple of 4, inside the mapping, whose length was validated; the table owns it. It is
        // only touched as an atomic of 4 bytes.
        let attention = unsafe { self.attention.cast::<AtomicU32>().as_ref() };
        self.announcer.call(self.live(), attention, groups)
    }

    /// Comes behind a recovery, which may have finished what was begun. Of one writer at a time.
    pub(crate) fn announce_recovery(&self) {
        self.announcer.announce_recovery(self.live());
    }

    /// The doorbell, for a reader who waits. `None`: there is none, or this process cannot say that it waits.
    pub(crate) fn doorbell(&self) -> Option<Doorbell<'_>> {
        self.announcer.doorbell(&self.segment)
    }

    /// How often anything was published; `None` where that is not counted.
    pub(crate) fn changes(&self) -> Option<u64> {
        self.announcer.has_doorbell().then(|| self.live().changes())
    }

    #[inline(always)]
    fn committed(&self) -> &AtomicU64 {
        // SAFETY: a live word at a multiple of 8, inside the mapping, whose length was validated; the table owns it.
        let words = unsafe { atomics(self.committed, 1) };
        &words[0]
    }

    /// The log of a table with one cell.
    #[inline(always)]
    fn log(&self) -> Log<'_> {
        debug_assert_eq!(self.places.cells, 1);
        // SAFETY: the log begins with its head, in a geometry that was validated against this mapping's length.
        let head = unsafe { self.log.cast::<[AtomicU64; HEAD]>().as_ref() };
        // SAFETY: as before; entries follow.
        let first = unsafe { self.log.add(HEAD * 8) };
        // SAFETY: as before.
        let entries = unsafe { atomics(first, self.log_words) };
        // SAFETY: as before; there is at least one, of a cell and two words.
        let words = unsafe { atomics(first, self.places.words) };
        // SAFETY: as before.
        let behind = unsafe { first.add(self.places.words * 8) };
        // SAFETY: as before.
        let behind = unsafe { behind.cast::<[AtomicU64; 2]>().as_ref() };
        Log::new(head, Entry::new(words, behind), entries, self.log_stride, self.committed())
    }
}

/// `count` words of a mapping.
///
/// # Safety
/// They lie inside one mapping that outlives `'a`, and start on a multiple of 8.
#[inline(always)]
unsafe fn atomics<'a>(first: NonNull<u8>, count: usize) -> &'a [AtomicU64] {
    debug_assert!(first.cast::<AtomicU64>().is_aligned());
    // SAFETY: in bounds, aligned and alive as the caller promises; AtomicU64 is valid for any bits, and other processes'
    // stores are atomic or break the protocol.
    unsafe { std::slice::from_raw_parts(first.cast::<AtomicU64>().as_ptr(), count) }
}

/// A size or offset of a validated geometry, below 2^62, on the 64-bit machines this is built for.
#[expect(
    clippy::cast_possible_truncation,
    reason = "usize has 64 bits here; lib.rs refuses to build elsewhere"
)]
#[inline(always)]
pub(crate) const fn place(value: u64) -> usize {
    value as usize
}

//! A segment seen as bytes: what a hostile, a broken or a half-dead process makes of it. Relies on
//! `docs/FORMAT.md` and on nothing of the library, so that both are compared here.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{self, Command};

use crate::memfd;
use crate::place::{Backend, Part, Place};
use crate::sysv::{self, Attached};

/// Offsets in the header and the live words.
pub mod at {
    /// The magic, u64.
    pub const MAGIC: u64 = 0;
    /// The format version, u32.
    pub const ABI_VERSION: u64 = 8;
    /// Bytes of the segment, u64.
    pub const SEGMENT_BYTES: u64 = 32;
    /// Record size, u32.
    pub const RECORD_BYTES: u64 = 40;
    /// Capacity, u64.
    pub const CAPACITY: u64 = 48;
    /// Cells in a slot, u32.
    pub const CELLS: u64 = 56;
    /// Arrangement, u32.
    pub const ARRANGEMENT: u64 = 60;
    /// Versions offset, u64; the stride follows.
    pub const VERSIONS_OFFSET: u64 = 64;
    /// Cells offset, u64; record stride and cell stride follow.
    pub const CELLS_OFFSET: u64 = 80;
    /// Log offset, u64.
    pub const LOG_OFFSET: u64 = 104;
    /// Description offset, u64; its length follows, then its checksum.
    pub const DESCRIPTION_OFFSET: u64 = 120;
    /// Checksum of the description, u64.
    pub const DESCRIPTION_CHECKSUM: u64 = 136;
    /// Guard kind, u32.
    pub const GUARD_KIND: u64 = 144;
    /// Boot id, 16 bytes.
    pub const BOOT_ID: u64 = 168;
    /// Device of the guard, u64; for System V the inode of the IPC namespace.
    pub const GUARD_DEVICE: u64 = 184;
    /// Checksum of the bytes before it, u64.
    pub const CHECKSUM: u64 = 248;
    /// End of the header.
    pub const HEADER_END: u64 = 256;
    /// State, u64: 1 live, 2 retired.
    pub const STATE: u64 = 256;
    /// Epoch, u64.
    pub const EPOCH: u64 = 264;
    /// Process id of the writer, u64.
    pub const OWNER_PID: u64 = 272;
    /// Number of the last committed batch, u64.
    pub const COMMIT_SEQ: u64 = 296;
    /// When a writer last gave a sign of life, u64.
    pub const STAMP: u64 = 320;
    /// How often anything was published, u64, in a table with a doorbell.
    pub const CHANGES: u64 = 328;
    /// Doorbell, u32.
    pub const DOORBELL: u64 = 384;
    /// Lock word of many writers, u32.
    pub const LOCK: u64 = 512;
    /// The mark in it that somebody sleeps until it is free.
    pub const LOCK_WAITERS: u32 = 1 << 31;
    /// The epoch when a holder of the lock was found dead, u64.
    pub const POISON_EPOCH: u64 = 520;
    /// Process id and its start time of each of many writers, by slot, u64 each.
    pub const PARTICIPANTS: u64 = 640;
    /// Who waits, u32, in a table with a doorbell.
    pub const WAITING: u64 = 4096;
}

/// The bytes of a segment.
#[derive(Debug)]
pub struct Image(Source);

#[derive(Debug)]
enum Source {
    File(File),
    /// A System V key, and the segment under it.
    Memory(i32, RefCell<Attached>),
}

/// One store of a word: where, what.
pub type Store = (u64, u64);

impl Image {
    /// The segment at this place.
    #[must_use]
    pub fn of(place: &Place) -> Self {
        if place.backend() == Backend::Sysv {
            return Self(Source::Memory(place.key(), RefCell::new(Attached::new(place.key()))));
        }
        if place.backend() == Backend::Memfd {
            return Self(Source::File(
                memfd::open(place.address(), Part::Segment).expect("the segment's memfd"),
            ));
        }
        Self::of_file(place.path())
    }

    /// The segment in this file.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("the segment's file");
        Self(Source::File(file))
    }

    /// Bytes of the segment.
    #[must_use]
    pub fn length(&self) -> u64 {
        match &self.0 {
            Source::File(file) => file.metadata().expect("the file's size").len(),
            Source::Memory(_, attached) => attached.borrow().length() as u64,
        }
    }

    /// Cuts or extends the file. A System V segment has one size, so another takes its place, with as much of its contents.
    pub fn set_length(&self, length: u64) {
        match &self.0 {
            Source::File(file) => file.set_len(length).expect("a new size of the file"),
            Source::Memory(key, attached) => {
                let length = usize::try_from(length).expect("a segment in memory");
                let kept = attached.borrow().get(0, length.min(attached.borrow().length()));
                sysv::remove_segment(*key);
                sysv::make_segment(*key, length);
                *attached.borrow_mut() = Attached::new(*key);
                attached.borrow().put(0, &kept);
            }
        }
    }

    /// All bytes, to be put back later with [`Image::put`].
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.get(0, usize::try_from(self.length()).expect("a segment in memory"))
    }

    /// Bytes from this offset on.
    #[must_use]
    pub fn get(&self, offset: u64, length: usize) -> Vec<u8> {
        match &self.0 {
            Source::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset).expect("bytes inside the segment");
                bytes
            }
            Source::Memory(_, attached) => attached.borrow().get(memory_offset(offset), length),
        }
    }

    /// Changes bytes from this offset on.
    pub fn put(&self, offset: u64, bytes: &[u8]) {
        match &self.0 {
            Source::File(file) => file.write_all_at(bytes, offset).expect("bytes inside the segment"),
            Source::Memory(_, attached) => attached.borrow().put(memory_offset(offset), bytes),
        }
    }

    /// Punches a hole: these bytes are zeros and take no space.
    ///
    /// # Panics
    /// For System V, whose segments have no holes.
    pub fn punch(&self, offset: u64, length: u64) {
        let Source::File(file) = &self.0 else { panic!("not a file") };
        let status = Command::new("fallocate")
            .args(["--punch-hole", "--offset", &offset.to_string(), "--length", &length.to_string()])
            .arg(format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()))
            .status();
        assert!(status.expect("fallocate of util-linux runs").success(), "a hole in the file");
    }

    /// Flips all bits of a byte.
    pub fn flip(&self, offset: u64) {
        self.put(offset, &[!self.get(offset, 1)[0]]);
    }

    /// A word.
    #[must_use]
    pub fn word(&self, offset: u64) -> u64 {
        u64::from_le_bytes(self.get(offset, 8).try_into().expect("8 bytes"))
    }

    /// Half a word.
    #[must_use]
    pub fn half(&self, offset: u64) -> u32 {
        u32::from_le_bytes(self.get(offset, 4).try_into().expect("4 bytes"))
    }

    /// Changes a word.
    pub fn set_word(&self, offset: u64, value: u64) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Changes bytes of the header and makes its checksum right again, as a hostile creator would.
    pub fn forge(&self, offset: u64, bytes: &[u8]) {
        self.put(offset, bytes);
        self.set_word(at::CHECKSUM, fnv1a(&self.get(0, 248)));
    }

    /// Where the version word of a record is.
    #[must_use]
    pub fn version_at(&self, index: u64) -> u64 {
        self.word(at::VERSIONS_OFFSET) + index * self.word(at::VERSIONS_OFFSET + 8)
    }

    /// Where a cell of a record is.
    #[must_use]
    pub fn cell_at(&self, index: u64, cell: u64) -> u64 {
        self.word(at::CELLS_OFFSET)
            + index * self.word(at::CELLS_OFFSET + 8)
            + cell * self.word(at::CELLS_OFFSET + 16)
    }

    /// Where the description is, and its length.
    #[must_use]
    pub fn description(&self) -> (u64, u64) {
        (self.word(at::DESCRIPTION_OFFSET), self.word(at::DESCRIPTION_OFFSET + 8))
    }

    /// Whether a writer died in the middle of a write to a table of one cell: with more cells nothing shows it.
    #[must_use]
    pub fn is_half_written(&self) -> bool {
        let is_odd = |offset| self.word(offset) % 2 == 1;
        self.half(at::CELLS) == 1
            && (is_odd(self.word(at::LOG_OFFSET))
                || (0..self.word(at::CAPACITY)).any(|index| is_odd(self.version_at(index))))
    }

    /// The stores of `write(index, words)`, in the order of `docs/FORMAT.md`, as the writer makes them from here.
    #[must_use]
    pub fn stores_of_write(&self, index: u64, words: &[u64]) -> Vec<Store> {
        let version = self.version_at(index);
        let now = self.word(version);
        let consecutive = |start: u64| (start..).step_by(8).zip(words.iter().copied());
        let cells = u64::from(self.half(at::CELLS));
        if cells > 1 {
            let mut stores: Vec<Store> = consecutive(self.cell_at(index, (now + 1) % cells)).collect();
            stores.push((version, now + 1));
            return stores;
        }
        let log = self.word(at::LOG_OFFSET);
        let (entry, behind) = (log + 64, log + 64 + 8 * words.len() as u64);
        let sequence = self.word(log);
        let mut stores = vec![(log, sequence + 1)];
        stores.extend(consecutive(entry));
        stores.extend([(behind, index), (behind + 8, now + 2), (log + 8, 1), (log + 16, 0)]);
        stores.extend([(log, sequence + 2), (version, now + 1)]);
        stores.extend(consecutive(self.cell_at(index, 0)));
        stores.push((version, now + 2));
        stores
    }
}

impl Image {
    /// The stores of a batch of these records and words, in the order of `docs/FORMAT.md`, as the writer makes them from
    /// here.
    #[must_use]
    pub fn stores_of_batch(&self, records: &[(u64, Vec<u64>)]) -> Vec<Store> {
        let (log, number) = (self.word(at::LOG_OFFSET), self.word(at::COMMIT_SEQ) + 1);
        let sequence = self.word(log);
        let mut stores = vec![(log, sequence + 1)];
        for (place, (index, words)) in records.iter().enumerate() {
            let entry = log + 64 + place as u64 * u64::from(self.half(at::LOG_OFFSET + 12));
            let behind = entry + 8 * words.len() as u64;
            stores.extend((entry..).step_by(8).zip(words.iter().copied()));
            stores.extend([(behind, *index), (behind + 8, self.word(self.version_at(*index)) + 2)]);
        }
        stores.extend([(log + 8, records.len() as u64), (log + 16, number), (log, sequence + 2)]);
        for (index, _) in records {
            stores.push((self.version_at(*index), self.word(self.version_at(*index)) + 1));
        }
        stores.push((at::COMMIT_SEQ, number));
        for (index, words) in records {
            stores.extend((self.cell_at(*index, 0)..).step_by(8).zip(words.iter().copied()));
            stores.push((self.version_at(*index), self.word(self.version_at(*index)) + 2));
        }
        stores
    }

    /// The stores of a recovery, in the order of `docs/FORMAT.md`, as the next writer makes them from here.
    #[must_use]
    pub fn stores_of_recovery(&self) -> Vec<Store> {
        let log = self.word(at::LOG_OFFSET);
        let sequence = self.word(log);
        if self.half(at::CELLS) > 1 {
            return Vec::new();
        }
        if sequence % 2 == 1 {
            return vec![(log + 8, 0), (log + 16, 0), (log, sequence + 1)];
        }
        let committed = self.word(log + 16) <= self.word(at::COMMIT_SEQ);
        let words = u64::from(self.half(at::RECORD_BYTES)).div_ceil(8);
        let mut stores = Vec::new();
        for place in 0..self.word(log + 8) {
            let entry = log + 64 + place * u64::from(self.half(at::LOG_OFFSET + 12));
            let (index, target) = (self.word(entry + 8 * words), self.word(entry + 8 * words + 8));
            let version = self.version_at(index);
            if self.word(version) == target - 1 && committed {
                let word = |at| (self.cell_at(index, 0) + 8 * at, self.word(entry + 8 * at));
                stores.extend((0..words).map(word));
                stores.push((version, target));
            } else if self.word(version) == target - 1 {
                stores.push((version, target - 2));
            }
        }
        stores
    }

    /// Makes these stores.
    pub fn make(&self, stores: &[Store]) {
        for &(offset, value) in stores {
            self.set_word(offset, value);
        }
    }
}

fn memory_offset(offset: u64) -> usize {
    usize::try_from(offset).expect("an offset in memory")
}

/// FNV-1a 64.
#[must_use]
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

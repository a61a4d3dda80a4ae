//! What may be chosen when a table is created or opened. Relies on `geometry`; opens nothing itself.

use std::time::Duration;

use shmrecord_layout::abi;

use crate::error::{At, ErrorKind, Result};
use crate::follow::Follower;
use crate::geometry::{Arrangement, Writers};
use crate::header::Semaphore;
use crate::raw::RawReader;
use crate::reader::Reader;
use crate::record::ShmRecord;
use crate::region::memory::{Need, Wishes};
use crate::region::{Rights, Trust};
use crate::shared::SharedWriter;
use crate::writer::Writer;
use crate::{lifecycle, removal, replacement};

/// How to create and open tables, in the manner of `std::fs::OpenOptions`.
///
/// ```
/// # use shmrecord::{Options, Arrangement, Reader, ShmRecord};
/// # #[derive(ShmRecord, Clone, Copy)] #[repr(C)] struct Quote { price: f64 }
/// # let address = format!("posix:/doc-options-{}", std::process::id());
/// let options = Options::new().cells(4).arrangement(Arrangement::Line).mode(0o644);
/// let mut writer = options.create::<Quote>(&address, 100)?;
/// writer.write(7, &Quote { price: 2.5 })?;
/// # shmrecord::remove(&address)?;
/// # Ok::<(), shmrecord::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) cells: Option<u32>,
    pub(crate) arrangement: Option<Arrangement>,
    pub(crate) mode: u32,
    pub(crate) group: Option<u32>,
    pub(crate) sparse: bool,
    pub(crate) any_boot: bool,
    huge_pages: Option<Need>,
    lock_memory: Option<Need>,
    prefault: bool,
    pub(crate) log_entries: Option<u32>,
    pub(crate) owner: Option<u32>,
    pub(crate) exclusive: bool,
    pub(crate) accept_unsealed: bool,
    pub(crate) compatible: bool,
    pub(crate) timeout: Duration,
    pub(crate) survive_truncation: bool,
    pub(crate) doorbell: bool,
    pub(crate) stamps: bool,
    pub(crate) semaphore: Option<Semaphore>,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// One cell with the write-ahead log, the arrangement that fits the record, mode 0600, owner this user or root, 1 second.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: None,
            arrangement: None,
            mode: 0o600,
            group: None,
            sparse: false,
            any_boot: false,
            huge_pages: None,
            lock_memory: None,
            prefault: false,
            log_entries: None,
            owner: None,
            exclusive: false,
            accept_unsealed: false,
            compatible: false,
            timeout: Duration::from_secs(1),
            survive_truncation: false,
            doorbell: false,
            stamps: false,
            semaphore: None,
        }
    }

    /// Cells in a slot: 1 (with the write-ahead log), 2, 4 or 8. More cells take more memory and let readers of large
    /// records succeed beside a writer that never pauses. For a table that exists: the number it must have.
    #[must_use]
    pub const fn cells(mut self, cells: u32) -> Self {
        self.cells = Some(cells);
        self
    }

    /// Where versions and records lie. For a table that exists: the arrangement it must have. A new one is `split` unless asked, or
    /// `line` where a record of one cell and its version fill their cache lines but for 8 bytes at most: records of 41 to 56 bytes,
    /// of 105 to 120, and so on.
    #[must_use]
    pub const fn arrangement(mut self, arrangement: Arrangement) -> Self {
        self.arrangement = Some(arrangement);
        self
    }

    /// Permission bits of a new segment, exactly as given: the umask does not count. Who may write the segment may also
    /// take the role of writer. With the others' write bit, opening accepts segments that everybody may write.
    #[must_use]
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Group of a new segment and its guard, for whose members the middle bits of the mode are. Unless given, the one that
    /// the kernel chooses: this process's, or the directory's. Another group than this process's own ones takes privilege,
    /// but for System V, where it does not, and where the creator's own group keeps these rights beside it (`ipc(5)`).
    #[must_use]
    pub const fn group(mut self, gid: u32) -> Self {
        self.group = Some(gid);
        self
    }

    /// Takes memory or disk for the records of a new table only when they are touched, instead of all at creation: a table
    /// far larger than what is used of it costs no more than that. The price: a touch, a read too, of a page that is not to
    /// be had then ends the process with SIGBUS.
    #[must_use]
    pub const fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// Huge pages of 2 MiB under the mapping of this handle, which save most of the processor's walks through page tables.
    /// [`Writer::memory`] and [`Reader::memory`] tell what was got: yes only if they cover every whole 2 MiB of it.
    ///
    /// `MADV_HUGEPAGE` and `MADV_COLLAPSE` (Linux 6.1) on an aligned mapping; for `posix:` and `sysv:` no setting of the
    /// system is needed. A `file:` on a disk gets them where its file system has them (ext4, XFS) and its creator asked,
    /// and a sparse table only where all of it has been touched; one below 2 MiB has none.
    #[must_use]
    pub const fn huge_pages(mut self, need: Need) -> Self {
        self.huge_pages = Some(need);
        self
    }

    /// Pages of this handle's mapping stay in memory from when they are first touched: `mlock2(MLOCK_ONFAULT)`, within what
    /// `RLIMIT_MEMLOCK` allows, which counts all of the table. [`Writer::memory`] and [`Reader::memory`] tell what was got.
    #[must_use]
    pub const fn lock_memory(mut self, need: Need) -> Self {
        self.lock_memory = Some(need);
        self
    }

    /// Maps every page of the table before this handle is given, so that no access to it meets a page fault: some 0.3 µs for each
    /// 4 KiB then, instead of when they are first touched; the fewer with [`Options::huge_pages`]. Pages stay mapped as long as
    /// memory is not scarce, and for ever with [`Options::lock_memory`].
    ///
    /// `MADV_POPULATE_READ` for readers, `MADV_POPULATE_WRITE` for writers (Linux 5.14; before, [`Os`](ErrorKind::Os)). Of a sparse
    /// table this takes the memory of all of it, for a reader, too; where that is not to be had, the call fails with
    /// [`NoSpace`](ErrorKind::NoSpace).
    #[must_use]
    pub const fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    /// Readers accept a table that was made before the machine last booted, a `file:` that is kept. Nobody knows whether
    /// all its values are whole: what was written last may be on the disk in part. Writers never accept it.
    #[must_use]
    pub const fn any_boot(mut self, any_boot: bool) -> Self {
        self.any_boot = any_boot;
        self
    }

    /// Entries of the write-ahead log of a new table with one cell, 1 to 65536, each a record and 16 bytes long. Unless asked
    /// otherwise 64, or as many as fit in 1 MiB, at least 1. A table with more cells has no log and refuses this.
    #[must_use]
    pub const fn log_entries(mut self, entries: u32) -> Self {
        self.log_entries = Some(entries);
        self
    }

    /// Gives a new table a doorbell, by which the kernel wakes who waits for its records: one page of memory, and one load in
    /// each write, which makes a system call only when somebody waits. For a table that exists: it must have one.
    #[must_use]
    pub const fn doorbell(mut self, doorbell: bool) -> Self {
        self.doorbell = doorbell;
        self
    }

    /// Lets every write to a new table store the time, in the coarse steps of the kernel's clock (1 to 10 ms), so that readers
    /// know how old what they read may be; it costs each write a few nanoseconds. For a table that exists: it must do so.
    #[must_use]
    pub const fn stamps(mut self, stamps: bool) -> Self {
        self.stamps = stamps;
        self
    }

    /// Lets the writers of a new table of many take turns by a semaphore that exists, `index` of the System V set with this key:
    /// for programs that take turns by it already, at the price of two system calls for each write. It is 1 when it is free. It
    /// is neither created nor removed; each holder's death gives it back. For a table that exists: it must be that one.
    #[must_use]
    pub const fn semaphore(mut self, key: u32, index: u16) -> Self {
        self.semaphore = Some(Semaphore { key, index });
        self
    }

    /// A user id whose segments are trusted, beside this process's own and root.
    #[must_use]
    pub const fn owner(mut self, uid: u32) -> Self {
        self.owner = Some(uid);
        self
    }

    /// Seals a new `memfd:` table against writing (`F_SEAL_FUTURE_WRITE`), so that no process can ever write to it but through
    /// the [`Writer`] that creates it, whatever it was handed. Nobody can take it over, mark it as removed, or lift this;
    /// [`forget`](crate::handover::forget) lets go of it. Other kinds refuse it.
    #[must_use]
    pub const fn exclusive(mut self, exclusive: bool) -> Self {
        self.exclusive = exclusive;
        self
    }

    /// Accepts memfds that lack the seals which keep their size (`F_SEAL_SHRINK`, `F_SEAL_GROW`, `F_SEAL_SEAL`): whoever holds
    /// one can cut it, which ends its readers with SIGBUS.
    #[must_use]
    pub const fn accept_unsealed(mut self, accept: bool) -> Self {
        self.accept_unsealed = accept;
        self
    }

    /// Readers accept a table whose record is an earlier or a later version of theirs: one of the two has all fields of the
    /// other, and further ones behind them or, by `since`, in what was a hole (`docs/FORMAT.md` has the rule). A field that
    /// the table lacks reads as its `null`, or as zeros without one: [`Reader::has`] tells. Reads of such a table
    /// take a few steps more; those of one of the very same record do not. Writers never accept it.
    #[must_use]
    pub const fn compatible(mut self, compatible: bool) -> Self {
        self.compatible = compatible;
        self
    }

    /// How long creating, opening, removing and each read may take before they give up.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For readers of files that somebody else may cut: a read of what is no longer there is
    /// [`Truncated`](ErrorKind::Truncated) instead of a SIGBUS that ends the process.
    ///
    /// `sigaction(SIGBUS)`: the first such reader installs a handler for the whole process, which hands on every SIGBUS that
    /// is not about a table. A program that installs its own later takes this away. At most 256 readers at a time.
    #[must_use]
    pub const fn survive_truncation(mut self, survive: bool) -> Self {
        self.survive_truncation = survive;
        self
    }

    /// Creates the table, or takes over one of this shape whose writer is gone. See [`Writer::create`].
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn create<T: ShmRecord>(&self, address: &str, capacity: usize) -> Result<Writer<T>> {
        let held = lifecycle::create(self, address, T::LAYOUT, capacity, Writers::One)?;
        Ok(Writer::new(held, self.timeout))
    }

    /// Takes over a table that exists and whose writer is gone. See [`Writer::open`].
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub fn open_writer<T: ShmRecord>(&self, address: &str) -> Result<Writer<T>> {
        let held = lifecycle::open_writer(self, address, T::LAYOUT, false)?;
        Ok(Writer::new(held, self.timeout))
    }

    /// Creates the table for many writers, or joins those of one of this shape. See [`SharedWriter::create`].
    ///
    /// # Errors
    /// As [`SharedWriter::create`].
    pub fn create_shared<T: ShmRecord>(&self, address: &str, capacity: usize) -> Result<SharedWriter<T>> {
        let held = lifecycle::create(self, address, T::LAYOUT, capacity, self.many_writers())?;
        Ok(SharedWriter::new(held, self.timeout))
    }

    /// Joins the writers of a table of many. See [`SharedWriter::open`].
    ///
    /// # Errors
    /// As [`SharedWriter::open`].
    pub fn open_shared<T: ShmRecord>(&self, address: &str) -> Result<SharedWriter<T>> {
        let held = lifecycle::open_writer(self, address, T::LAYOUT, true)?;
        Ok(SharedWriter::new(held, self.timeout))
    }

    /// Replaces the table at the address, whoever writes to it. See [`Writer::replace`].
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub fn replace<T: ShmRecord>(&self, address: &str, capacity: usize) -> Result<Writer<T>> {
        let held = replacement::replace(self, address, T::LAYOUT, capacity, Writers::One)?;
        Ok(Writer::new(held, self.timeout))
    }

    /// Replaces the table at the address by one of many writers, whoever writes to it. See [`Writer::replace`].
    ///
    /// # Errors
    /// As [`Writer::replace`] and [`SharedWriter::create`].
    pub fn replace_shared<T: ShmRecord>(&self, address: &str, capacity: usize) -> Result<SharedWriter<T>> {
        let held = replacement::replace(self, address, T::LAYOUT, capacity, self.many_writers())?;
        Ok(SharedWriter::new(held, self.timeout))
    }

    /// Opens a table for reading. See [`Reader::open`].
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open<T: ShmRecord>(&self, address: &str) -> Result<Reader<T>> {
        let (address, table) = lifecycle::open_reader(self, address, Some(T::LAYOUT))?;
        Ok(Reader::new(address, table, self.clone()))
    }

    /// Opens a table for reading, and whatever replaces it. See [`Follower::open`].
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn follow<T: ShmRecord>(&self, address: &str) -> Result<Follower<T>> {
        self.open(address).map(Follower::from)
    }

    /// Opens any table for reading by its own description. See [`RawReader::open`].
    ///
    /// # Errors
    /// As [`RawReader::open`].
    pub fn open_raw(&self, address: &str) -> Result<RawReader> {
        let (address, table) = lifecycle::open_reader(self, address, None)?;
        RawReader::new(address, table, self.clone())
    }

    /// Removes a table. See [`remove`](crate::remove).
    ///
    /// # Errors
    /// As [`remove`](crate::remove).
    pub fn remove(&self, address: &str) -> Result<()> {
        removal::remove(self, address)
    }

    /// How many writers take turns.
    fn many_writers(&self) -> Writers {
        if self.semaphore.is_some() { Writers::Semaphore } else { Writers::Lock }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust { owner: self.owner, world_writable: self.mode & 0o002 != 0, unsealed: self.accept_unsealed }
    }

    /// What a mapping is wanted to have.
    pub(crate) fn wishes(&self) -> Wishes {
        Wishes { huge_pages: self.huge_pages, locked: self.lock_memory, present: self.prefault }
    }

    /// The rights of a new segment, if they can be.
    pub(crate) fn rights(&self, at: &At<'_>) -> Result<Rights> {
        if self.mode & !0o777 != 0 || self.mode & 0o600 != 0o600 {
            let argument = at.error(ErrorKind::BadArgument { argument: "mode" });
            return Err(argument.detail(format!("{:o}, expected 0600 to 0777", self.mode)));
        }
        if self.group == Some(u32::MAX) {
            // What chown(2) takes for "as it is".
            let argument = at.error(ErrorKind::BadArgument { argument: "group" });
            return Err(argument.detail(format!("{}, expected a group id", u32::MAX)));
        }
        Ok(Rights { mode: self.mode, group: self.group })
    }

    /// Entries of the log for this number of cells and records of this size. What is impossible is left to be refused.
    pub(crate) fn log_entries_for(&self, cells: u32, record_bytes: u32) -> u32 {
        let entry_bytes = (u64::from(record_bytes) + 16).next_multiple_of(64);
        let fitting = u32::try_from(u64::from(abi::DEFAULT_LOG_BYTES) / entry_bytes).unwrap_or(u32::MAX);
        let default = if cells == 1 { fitting.clamp(1, abi::DEFAULT_LOG_ENTRIES) } else { 0 };
        self.log_entries.unwrap_or(default)
    }
}

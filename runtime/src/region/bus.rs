//! Survival of a cut file: touching a page that its file no longer has raises SIGBUS, which ends a process. A mapping that
//! is watched has zeros there instead from the first such touch on, all of it at once, and says that it was cut. Relies on
//! `sigaction(2)`, `sync` and `once`; does not know what a mapping holds.
//!
//! The handler is the process's, installed by the first watch and never taken away. Whatever else raises SIGBUS goes to the
//! handler that was there before, or ends the process as it would have.

#![expect(unsafe_code, reason = "a signal handler, and mmap over what it finds")]

use std::io;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use libc::{c_int, c_void, siginfo_t};

use crate::once::SetOnce;
use crate::sync::{AtomicBool, AtomicU64, Ordering, fence};

/// How many mappings can be watched at once in a process.
const SLOTS: usize = 256;

/// A watched range of addresses. A handler cannot take a lock, so this is a seqlock: `turn` is odd while the range changes.
struct Slot {
    turn: AtomicU64,
    base: AtomicU64,
    /// Bytes; 0: nothing is watched here.
    length: AtomicU64,
    /// 1: it was cut.
    cut: AtomicU64,
}

static SLOTS_OF_PROCESS: [Slot; SLOTS] = [const {
    Slot {
        turn: AtomicU64::new(0),
        base: AtomicU64::new(0),
        length: AtomicU64::new(0),
        cut: AtomicU64::new(0),
    }
}; SLOTS];

/// What SIGBUS did before; set before the handler is installed.
static BEFORE: SetOnce<libc::sigaction> = SetOnce::new();

/// A mapping under watch, until dropped. Its owner drops this before it gives the mapping back.
#[derive(Debug)]
pub(crate) struct Watch(&'static Slot);

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("cut", &self.cut).finish_non_exhaustive()
    }
}

impl Watch {
    /// `sigaction(SIGBUS)` the first time; then watches this mapping, which the caller owns and only reads.
    ///
    /// # Errors
    /// Those of `sigaction(2)`; `ENOMEM` when as many mappings are watched as can be.
    pub(crate) fn new(base: NonNull<u8>, length: usize) -> io::Result<Self> {
        install()?;
        for slot in &SLOTS_OF_PROCESS {
            let turn = slot.turn.load(Ordering::Relaxed);
            let is_free = turn & 1 == 0 && slot.length.load(Ordering::Relaxed) == 0;
            // Acquire pairs with the release store in `drop`: the slot's last owner is done with it.
            if is_free
                && slot.turn.compare_exchange(turn, turn + 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                // Pairs with the acquire fence in `Slot::holds`: who saw a word of this range sees the odd turn.
                fence(Ordering::Release);
                slot.base.store(base.addr().get() as u64, Ordering::Relaxed);
                slot.length.store(length as u64, Ordering::Relaxed);
                slot.cut.store(0, Ordering::Relaxed);
                // Pairs with the acquire load in `Slot::holds`.
                slot.turn.store(turn + 2, Ordering::Release);
                return Ok(Self(slot));
            }
        }
        Err(io::Error::from_raw_os_error(libc::ENOMEM))
    }

    /// Whether the mapping's file was cut and a page that it lost was touched: everything in the mapping is zero now, or
    /// about to be. Asked after reading, it tells whether zeros can be among what was read.
    pub(crate) fn is_cut(&self) -> bool {
        // The flag is not read before what it is asked about. Between two processors the kernel orders the rest: it lets no
        // thread see the new pages before the handler's store, because the `mmap` that brings them comes after it.
        fence(Ordering::Acquire);
        self.0.cut.load(Ordering::Acquire) != 0
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let turn = self.0.turn.load(Ordering::Relaxed);
        self.0.turn.store(turn + 1, Ordering::Relaxed);
        // Pairs with the acquire fence in `Slot::holds`.
        fence(Ordering::Release);
        self.0.length.store(0, Ordering::Relaxed);
        // Pairs with the acquire of the next owner and of `Slot::holds`.
        self.0.turn.store(turn + 2, Ordering::Release);
    }
}

impl Slot {
    /// The range that is watched here, if this address lies in it.
    fn holds(&self, address: u64) -> Option<(u64, u64)> {
        // Acquire pairs with the release store that ends a change.
        let turn = self.turn.load(Ordering::Acquire);
        let (base, length) = (self.base.load(Ordering::Relaxed), self.length.load(Ordering::Relaxed));
        // Pairs with the release fence that begins a change.
        fence(Ordering::Acquire);
        // A range that changes meanwhile is another thread's mapping: not the one that was touched here.
        let is_stable = turn & 1 == 0 && self.turn.load(Ordering::Relaxed) == turn;
        (is_stable && address.wrapping_sub(base) < length).then_some((base, length))
    }
}

/// Puts the handler in place, once. Two threads that come first at once may both do it: a lock that one of them held during
/// a fork would be held in the child for ever.
fn install() -> io::Result<()> {
    static IS_INSTALLED: AtomicBool = AtomicBool::new(false);
    // Acquire pairs with the release below: `BEFORE` is set, and the handler is there.
    if IS_INSTALLED.load(Ordering::Acquire) {
        return Ok(());
    }
    let before = exchange(None)?;
    // Otherwise another thread has been faster, or that thread of the parent which a child has not: `BEFORE` is set.
    if before.sa_sigaction != handler() {
        // The handler needs it from its first call on. Whoever set it saw the same, unless somebody else changes it now.
        BEFORE.set(before);
        // SAFETY: a struct sigaction is integers and a nullable function; zeros are an empty mask and no restorer.
        let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
        action.sa_sigaction = handler();
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        exchange(Some(&action))?;
    }
    IS_INSTALLED.store(true, Ordering::Release);
    Ok(())
}

/// [`on_bus`], as `sigaction(2)` has it.
fn handler() -> usize {
    on_bus as *const () as usize
}

/// `sigaction(SIGBUS)`: what it does from now on, or nothing new; what it did.
fn exchange(action: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    let action = action.map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: reads the action, if there is one, whose handler has the signature that its flags ask for and calls nothing
    // that a handler must not; writes one struct sigaction, for which there is room.
    if unsafe { libc::sigaction(libc::SIGBUS, action, before.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it is filled; all its bytes were zeros before.
    Ok(unsafe { before.assume_init() })
}

/// The handler. It calls `mmap`, `sigaction` and `raise`, which a handler may, and touches nothing but atomics and its
/// arguments.
extern "C" fn on_bus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a siginfo_t that lives until the handler returns.
    let facts = unsafe { &*info };
    // SAFETY: the siginfo_t of a SIGBUS has the address; of one that was sent these bytes are something else, and not used.
    let address = unsafe { facts.si_addr() };
    let watched =
        || SLOTS_OF_PROCESS.iter().find_map(|slot| Some((slot, slot.holds(address.addr() as u64)?)));
    // Only a missing page behind an address is ours; anybody may send the signal by kill(2).
    if facts.si_code == libc::BUS_ADRERR
        && let Some((slot, (base, length))) = watched()
    {
        // Before the mmap, so that no thread finds zeros without finding this. Release pairs with the load in `is_cut`.
        slot.cut.store(1, Ordering::Release);
        if replace(address, base, length) {
            return;
        }
    }
    hand_on(signal, facts.si_code, info, context);
}

/// `mmap(MAP_FIXED|MAP_ANONYMOUS)` over the whole range: zeros, at once for every thread. Whether it succeeded.
fn replace(touched: *mut c_void, base: u64, length: u64) -> bool {
    let base = touched.with_addr(usize::try_from(base).unwrap_or(0));
    let length = usize::try_from(length).unwrap_or(0);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
    // SAFETY: the range is a mapping that its owner has put under watch and keeps until the watch ends, and that is only
    // ever touched through atomics, for which zeros are valid.
    let result = unsafe { libc::mmap(base, length, libc::PROT_READ, flags, -1, 0) };
    result != libc::MAP_FAILED
}

/// What SIGBUS would have done without us.
fn hand_on(signal: c_int, code: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(before) = BEFORE.get() else { return };
    match before.sa_sigaction {
        // It was sent, and nobody wanted it.
        libc::SIG_IGN if code <= 0 => {}
        // Back to what was there: a fault comes again as soon as this returns, and ends the process.
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: `before` is what sigaction(2) gave us.
            unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
            if code <= 0 {
                // It was sent, and does not come again by itself.
                // SAFETY: raise may be called from a handler.
                unsafe { libc::raise(signal) };
            }
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: it was installed as a handler with three arguments.
            let handler = unsafe {
                std::mem::transmute::<usize, extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(handler)
            };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: it was installed as a handler with one argument.
            let handler = unsafe { std::mem::transmute::<usize, extern "C" fn(c_int)>(handler) };
            handler(signal);
        }
    }
}

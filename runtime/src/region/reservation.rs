//! Address space for a mapping to come, where huge pages can be. Relies on `mmap(2)`; knows nothing of what is mapped there.

#![expect(unsafe_code, reason = "mmap and munmap, which std does not offer")]

/// Bytes of a huge page.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// Address space that begins where a huge page can, for a mapping to come. Given back on drop.
pub(crate) struct Reservation {
    base: *mut libc::c_void,
    length: usize,
}

impl Reservation {
    /// `mmap(PROT_NONE)`, larger by a huge page, less what is left over before and behind. `None`: none is of use for this
    /// length, or is to be had.
    pub(crate) fn new(length: usize) -> Option<Self> {
        if length < HUGE_PAGE {
            return None;
        }
        let length = length.checked_next_multiple_of(page_size())?;
        let larger = length.checked_add(HUGE_PAGE)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), larger, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        let before = start.addr().next_multiple_of(HUGE_PAGE) - start.addr();
        let base = start.wrapping_byte_add(before);
        let reservation = Self { base, length };
        give_back(start, before);
        give_back(base.wrapping_byte_add(length), HUGE_PAGE - before);
        Some(reservation)
    }

    /// Its first byte, a multiple of [`HUGE_PAGE`].
    pub(crate) fn base(&self) -> *mut libc::c_void {
        self.base
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        give_back(self.base, self.length);
    }
}

/// `munmap(2)` of a part of a reservation, whole pages that nobody else knows.
fn give_back(start: *mut libc::c_void, length: usize) {
    if length > 0 {
        // SAFETY: no reference leads into a reservation, and its owner gives this part up.
        let result = unsafe { libc::munmap(start, length) };
        debug_assert_eq!(result, 0, "an own mapping is given back");
    }
}

/// `sysconf(_SC_PAGESIZE)`
fn page_size() -> usize {
    // SAFETY: no memory is involved.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("Linux knows the size of its pages")
}

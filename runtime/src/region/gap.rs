//! A gap in the address space where a mapping to come can have huge pages. Relies on `mmap(2)`; knows nothing of what is
//! mapped there.
//!
//! A gap is found, not held: with pages that are always huge (`SHM_HUGETLB`, hugetlbfs) the kernel maps more than the size
//! that it tells, and would take what lies behind a reservation. It is asked for this address, and is free to choose another.

#![expect(unsafe_code, reason = "mmap and munmap, which std does not offer")]

use std::ptr::null_mut;

/// Bytes of a huge page.
pub(crate) const HUGE_PAGE: usize = 2 << 20;

/// A multiple of [`HUGE_PAGE`] where `length` bytes were free a moment ago: `mmap(PROT_NONE)`, larger by a huge page, and
/// `munmap`. Null: none is of use for this length, or is to be had.
pub(crate) fn find(length: usize) -> *mut libc::c_void {
    let Some(larger) = length.checked_add(HUGE_PAGE).filter(|_| length >= HUGE_PAGE) else {
        return null_mut();
    };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
    let start = unsafe { libc::mmap(null_mut(), larger, libc::PROT_NONE, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return null_mut();
    }
    // SAFETY: all of the mapping that was just made, which nobody else knows.
    let result = unsafe { libc::munmap(start, larger) };
    debug_assert_eq!(result, 0, "an own mapping is given back");
    start.wrapping_byte_add(start.addr().next_multiple_of(HUGE_PAGE) - start.addr())
}

//! SIGBUS as other code of a program raises and handles it. Relies on `libc`; knows no segment.

#![expect(unsafe_code, reason = "mmap of a file that is cut, sigaction and raise")]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr;

/// With what code [`handle_by_exit`] ends the process.
pub const HANDLED: i32 = 77;

/// Maps a page of this file, which has none, and reads from it: SIGBUS.
///
/// # Panics
/// When the file cannot be mapped, or the signal leaves the process alive.
pub fn touch_beyond(file: &File) -> ! {
    let (length, flags) = (4096, libc::MAP_SHARED);
    // SAFETY: a new mapping at an address of the kernel's choice; the file is open.
    let page = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ, flags, file.as_raw_fd(), 0) };
    assert_ne!(page, libc::MAP_FAILED);
    // SAFETY: the page is mapped; that reading it raises a signal is the point.
    let byte = unsafe { page.cast::<u8>().read_volatile() };
    panic!("read {byte} where nothing is");
}

/// Sends this thread SIGBUS as `raise(3)` does.
pub fn raise() {
    // SAFETY: raise has no memory to get wrong.
    unsafe { libc::raise(libc::SIGBUS) };
}

/// Takes away the handler that Rust's standard library installs: SIGBUS ends the process.
pub fn forget_handlers() {
    set(libc::SIG_DFL);
}

/// Has SIGBUS ignored where it is only sent.
pub fn ignore() {
    set(libc::SIG_IGN);
}

fn set(action: libc::sighandler_t) {
    // SAFETY: neither of the two is a function that could do anything wrong.
    let before = unsafe { libc::signal(libc::SIGBUS, action) };
    assert_ne!(before, libc::SIG_ERR);
}

/// Installs a handler of SIGBUS that ends the process with [`HANDLED`].
///
/// # Panics
/// When the system refuses.
pub fn handle_by_exit() {
    extern "C" fn end(_signal: libc::c_int) {
        // SAFETY: _exit may be called from a handler.
        unsafe { libc::_exit(HANDLED) };
    }
    // SAFETY: the handler has the signature that signal(2) asks for and calls only what a handler may.
    let before = unsafe { libc::signal(libc::SIGBUS, end as *const () as usize) };
    assert_ne!(before, libc::SIG_ERR);
}

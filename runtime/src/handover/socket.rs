//! Bytes and descriptors over a Unix socket: `sendmsg(2)` and `recvmsg(2)` with `SCM_RIGHTS`. Relies on `libc`; knows
//! nothing of what is sent.
//!
//! A control message is a length (u64, the header with it), a level and a type (i32 each), then its data; the next one starts
//! at a multiple of 8. That is the kernel's form on every 64-bit little-endian machine.

#![expect(unsafe_code, reason = "poll, sendmsg and recvmsg, and descriptors by number")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, RawFd};

use crate::deadline::Deadline;

/// The control message with the sender's pidfd, which a socket may be set up to tell (`SO_PASSPIDFD`, Linux 6.5).
const SCM_PIDFD: libc::c_int = 4;

/// Bytes of a control message before its data.
const CONTROL_HEADER: usize = 16;

/// Room for control messages: two descriptors, what a socket may be set up to tell besides, and some descriptors too many.
/// The kernel closes those for which there is no room.
#[repr(align(8))]
struct Control([u8; 256]);

/// What came.
pub(super) struct Received {
    pub(super) bytes: usize,
    /// The message was longer than there was room for.
    pub(super) is_cut: bool,
    pub(super) files: Vec<File>,
    /// More descriptors were sent than came.
    pub(super) lacks_files: bool,
}

/// Sends these bytes and, with the first of them, these descriptors. Gives back how many bytes went.
pub(super) fn send(socket: BorrowedFd<'_>, bytes: &[u8], files: &[File]) -> io::Result<usize> {
    let numbers: Vec<u8> = files.iter().flat_map(|file| file.as_raw_fd().to_ne_bytes()).collect();
    let length = CONTROL_HEADER + numbers.len();
    let mut control = Control([0; 256]);
    control.0[..8].copy_from_slice(&length.to_ne_bytes());
    control.0[8..12].copy_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
    control.0[12..16].copy_from_slice(&libc::SCM_RIGHTS.to_ne_bytes());
    control.0[CONTROL_HEADER..length].copy_from_slice(&numbers);
    // The kernel only reads through this pointer.
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut message = message(&mut part, &mut control);
    message.msg_controllen = length.next_multiple_of(8);
    retry(|| {
        // SAFETY: the message leads to one part, whose bytes are borrowed, and to `msg_controllen` bytes of `control`, all of
        // which live across the call.
        unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) }
    })
}

/// Waits for bytes until the deadline, and takes the descriptors that come with them. `None`: nothing came.
pub(super) fn receive(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    deadline: &Deadline,
) -> io::Result<Option<Received>> {
    while wait(socket, deadline)? {
        let mut control = Control([0; 256]);
        let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
        let mut message = message(&mut part, &mut control);
        let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
        let result = retry(|| {
            // SAFETY: the message leads to one part, whose bytes are borrowed alone, and to all of `control`; both live
            // across the call.
            unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) }
        });
        let (flags, filled) = (message.msg_flags, message.msg_controllen);
        match result {
            // Somebody else took it.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
            Ok(length) => {
                return Ok(Some(Received {
                    bytes: length,
                    is_cut: flags & libc::MSG_TRUNC != 0,
                    files: take_files(&control.0[..filled]),
                    lacks_files: flags & libc::MSG_CTRUNC != 0,
                }));
            }
        }
    }
    Ok(None)
}

/// `poll(2)`: `false` when there is nothing to receive until the deadline; an end or an error is something.
fn wait(socket: BorrowedFd<'_>, deadline: &Deadline) -> io::Result<bool> {
    let mut asked = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    loop {
        let left = deadline.left();
        // Rounded up, so that the last wait does not end before the deadline.
        let milliseconds = left.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(libc::c_int::MAX);
        // SAFETY: one pollfd, which lives across the call.
        let ready = unsafe { libc::poll(&raw mut asked, 1, milliseconds) };
        if ready > 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        if ready < 0 && error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
        if left.is_zero() {
            return Ok(false);
        }
    }
}

fn message(part: &mut libc::iovec, control: &mut Control) -> libc::msghdr {
    // SAFETY: a msghdr is numbers and pointers, all of which may be zero.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    message
}

/// The descriptors in these control messages, which the kernel wrote for a message just received.
fn take_files(mut control: &[u8]) -> Vec<File> {
    let mut files = Vec::new();
    while let Some((header, _)) = control.split_at_checked(CONTROL_HEADER) {
        let word =
            |at: usize| i32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        // The upper half of the length is 0: there is less room.
        let length = usize::try_from(word(0)).unwrap_or(0).clamp(CONTROL_HEADER, control.len());
        if let (libc::SOL_SOCKET, kind @ (libc::SCM_RIGHTS | SCM_PIDFD)) = (word(8), word(12)) {
            for &number in control[CONTROL_HEADER..length].as_chunks::<4>().0 {
                let number = RawFd::from_ne_bytes(number);
                // A pidfd that could not be opened is an error number.
                if number < 0 {
                    continue;
                }
                // SAFETY: the kernel has just opened it for this process, and nobody else knows it.
                let file = unsafe { File::from_raw_fd(number) };
                // Nobody asked here who sent it: that is closed again.
                if kind == libc::SCM_RIGHTS {
                    files.push(file);
                }
            }
        }
        control = &control[length.next_multiple_of(8).min(control.len())..];
    }
    files
}

/// Repeats a call that a signal interrupted.
fn retry(mut call: impl FnMut() -> isize) -> io::Result<usize> {
    loop {
        if let Ok(result) = usize::try_from(call()) {
            return Ok(result);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

//! Message queues of the kernel, POSIX and System V: one message for each value, to a reader that sleeps or polls.

use std::ffi::CString;
use std::io::{self, ErrorKind};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::{Sample, bytes, bytes_mut};

/// By name, opened for waiting or not.
pub(crate) struct Posix<const SLEEPS: bool>;

/// A descriptor of it.
pub(crate) struct End(libc::mqd_t);

/// What an unprivileged process may ask for, where nobody changed `fs.mqueue.msg_max`.
const POSIX_ROOM: usize = 10;

impl<const SLEEPS: bool> Posix<SLEEPS> {
    fn name(place: &Place) -> CString {
        CString::new(format!("/{}", place.name())).expect("letters, digits and dashes")
    }
}

impl<T: Sample, const SLEEPS: bool> Peer<T> for Posix<SLEEPS> {
    const ROOM: usize = POSIX_ROOM;

    type Common = CString;
    type Writer = End;
    type Reader = End;

    fn prepare(place: &Place, _: usize) -> Outcome<CString> {
        let name = Self::name(place);
        // SAFETY: any bytes are attributes.
        let mut attributes: libc::mq_attr = unsafe { std::mem::zeroed() };
        attributes.mq_maxmsg = POSIX_ROOM as _;
        attributes.mq_msgsize = size_of::<T>() as _;
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        // SAFETY: a C string and attributes that live across the call, and a mode.
        End(unsafe { libc::mq_open(name.as_ptr(), flags, 0o600, &raw mut attributes) }).checked()?;
        Ok(name)
    }

    fn writer(name: &'static CString) -> Outcome<End> {
        // SAFETY: a C string that lives across the call.
        Ok(End(unsafe { libc::mq_open(name.as_ptr(), libc::O_WRONLY) }).checked()?)
    }

    fn reader(name: &'static CString) -> Outcome<End> {
        let flags = libc::O_RDONLY | if SLEEPS { 0 } else { libc::O_NONBLOCK };
        // SAFETY: as before.
        Ok(End(unsafe { libc::mq_open(name.as_ptr(), flags) }).checked()?)
    }

    fn remove(place: &Place) {
        // SAFETY: as before. It may never have come to be.
        unsafe { libc::mq_unlink(Self::name(place).as_ptr()) };
    }
}

impl End {
    fn checked(self) -> io::Result<Self> {
        if self.0 < 0 { Err(io::Error::last_os_error()) } else { Ok(self) }
    }
}

impl<T: Sample> Write<T> for End {
    #[inline(always)]
    fn write(&mut self, _: usize, value: &T) {
        let message = bytes(value);
        // SAFETY: as many bytes as are there.
        let sent = unsafe { libc::mq_send(self.0, message.as_ptr().cast(), message.len(), 0) };
        assert_eq!(sent, 0, "mq_send: {}", io::Error::last_os_error());
    }
}

impl<T: Sample> Read<T> for End {
    #[inline(always)]
    fn read(&mut self, _: usize, out: &mut T) -> bool {
        let room = bytes_mut(out);
        // SAFETY: as much room as is there; the priority is not asked for.
        let got =
            unsafe { libc::mq_receive(self.0, room.as_mut_ptr().cast(), room.len(), std::ptr::null_mut()) };
        received::<T>("mq_receive", got)
    }
}

/// By a key.
pub(crate) struct SystemV<const SLEEPS: bool>;

pub(crate) struct Queue<const SLEEPS: bool>(libc::c_int);

/// What both calls want: a positive type in front of the bytes.
#[repr(C)]
struct Message<T> {
    kind: libc::c_long,
    value: T,
}

impl<T: Sample, const SLEEPS: bool> Peer<T> for SystemV<SLEEPS> {
    /// `kernel.msgmnb` is 16 KiB where nobody changed it.
    const ROOM: usize = 64;

    type Common = libc::c_int;
    type Writer = Queue<SLEEPS>;
    type Reader = Queue<SLEEPS>;

    fn prepare(place: &Place, _: usize) -> Outcome<libc::c_int> {
        // SAFETY: numbers only.
        let queue = unsafe { libc::msgget(place.key(), libc::IPC_CREAT | libc::IPC_EXCL | 0o600) };
        if queue < 0 { Err(io::Error::last_os_error().into()) } else { Ok(queue) }
    }

    fn writer(queue: &'static libc::c_int) -> Outcome<Self::Writer> {
        Ok(Queue(*queue))
    }

    fn reader(queue: &'static libc::c_int) -> Outcome<Self::Reader> {
        Ok(Queue(*queue))
    }

    fn remove(place: &Place) {
        // SAFETY: numbers only.
        let queue = unsafe { libc::msgget(place.key(), 0) };
        // SAFETY: a command without an argument; it may never have come to be.
        unsafe { libc::msgctl(queue, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

impl<T: Sample, const SLEEPS: bool> Write<T> for Queue<SLEEPS> {
    #[inline(always)]
    fn write(&mut self, _: usize, value: &T) {
        let message = Message { kind: 1, value: *value };
        // SAFETY: as many bytes behind the type as said.
        let sent = unsafe { libc::msgsnd(self.0, (&raw const message).cast(), size_of::<T>(), 0) };
        assert_eq!(sent, 0, "msgsnd: {}", io::Error::last_os_error());
    }
}

impl<T: Sample, const SLEEPS: bool> Read<T> for Queue<SLEEPS> {
    #[inline(always)]
    fn read(&mut self, _: usize, out: &mut T) -> bool {
        let mut message = Message { kind: 0, value: T::filled(0) };
        let flags = if SLEEPS { 0 } else { libc::IPC_NOWAIT };
        // SAFETY: as much room behind the type as said.
        let got = unsafe { libc::msgrcv(self.0, (&raw mut message).cast(), size_of::<T>(), 0, flags) };
        *out = message.value;
        received::<T>("msgrcv", got)
    }
}

/// Whether there was one. Everything but an empty queue is an error.
fn received<T>(call: &str, got: libc::ssize_t) -> bool {
    if usize::try_from(got) == Ok(size_of::<T>()) {
        return true;
    }
    let error = io::Error::last_os_error();
    let is_empty = error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOMSG);
    assert!(got < 0 && is_empty, "{call}: {error}");
    false
}

//! What this process holds under a `memfd:` address, as open files behind the library's back; and memfds and messages as
//! another program makes them. Relies on the hand-over to a child, whose environment names descriptors as `docs/FORMAT.md`
//! says and which is never started, and on the bare system calls.

#![expect(
    unsafe_code,
    reason = "memfd_create, fcntl, mmap, socketpair and sendmsg, which std does not offer"
)]

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::ptr;
use std::time::Duration;

use shmrecord::handover::{self, Share};

use crate::place::Part;

/// The variable that a child finds its memfds by.
pub const VARIABLE: &str = "SHMRECORD_MEMFD";

/// Segment or guard under this address, opened again for reading and writing; `None` when this process does not hold it.
///
/// # Panics
/// When the environment that a child would get is not as documented.
#[must_use]
pub fn open(address: &str, part: Part) -> Option<File> {
    let mut command = Command::new("true");
    handover::inherit(&mut command, address, Share::Writer).ok()?;
    let descriptors = descriptors(&command);
    let descriptor = match part {
        Part::Segment => descriptors.first()?,
        Part::Guard => descriptors.get(1)?,
    };
    let path = format!("/proc/self/fd/{descriptor}");
    Some(File::options().read(true).write(true).open(path).expect("an own memfd"))
}

/// What this command's child finds in the variable.
///
/// # Panics
/// When that is not set.
#[must_use]
pub fn variable(command: &Command) -> String {
    let variable = command.get_envs().find(|(name, _)| *name == VARIABLE).and_then(|(_, text)| text);
    variable.and_then(|text| text.to_str()).expect("the variable is set").to_owned()
}

/// The descriptors that this command's child is told of, for one table.
///
/// # Panics
/// When it is told of none.
#[must_use]
pub fn descriptors(command: &Command) -> Vec<i32> {
    let text = variable(command);
    let (descriptors, _) = text.split_once('=').expect("descriptors and a name");
    let number = |words: &str| words.split(':').next().and_then(|number| number.parse().ok());
    descriptors.split(',').map(|words| number(words).expect("a number")).collect()
}

/// A child's environment that tells of these tables, but for older entries that have descriptors in common with the newest:
/// half of it, half of it beside something that is closed, and numbers with signs; and for a name that is no text. The child
/// of a child finds such.
///
/// # Panics
/// When the command was not given one writer's share.
#[must_use]
pub fn with_older_entries(command: &Command) -> [OsString; 4] {
    let text = variable(command);
    let (descriptors, name) = text.split_once('=').expect("descriptors and a name");
    let (segment, guard) = descriptors.split_once(',').expect("a writer's share");
    let entries = [
        format!("{segment}={name}"),
        format!("{segment},999999:1:1={name}"),
        format!("{guard}={name}"),
        format!("+{segment},+{guard}={name}"),
    ];
    entries.map(|older| OsString::from_vec([older.as_bytes(), b"/3:1:1=\xff/", text.as_bytes()].concat()))
}

/// The seals that the library expects.
pub const SEALS: i32 = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

/// Hands these files over to this process under this address, as another program would: a segment, and perhaps its guard.
///
/// # Panics
/// When they do not arrive.
pub fn enter(address: &str, files: &[&File]) {
    let name = address.strip_prefix("memfd:").expect("an address of a memfd");
    let [ours, theirs] = sockets(libc::SOCK_SEQPACKET);
    let descriptors: Vec<i32> = files.iter().map(|file| file.as_raw_fd()).collect();
    send(&theirs, &message(name, u32::try_from(files.len()).expect("one or two")), &descriptors);
    assert_eq!(handover::receive(&ours, Duration::ZERO).expect("it came"), address);
}

/// A memfd of another program, with these contents and seals, for its user only.
///
/// # Panics
/// When the system refuses.
#[must_use]
pub fn make(contents: &[u8], seals: i32) -> File {
    // SAFETY: the label ends in NUL and lives across the call.
    let descriptor = unsafe {
        libc::memfd_create(c"shmrecord-test".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING)
    };
    assert!(descriptor >= 0, "{}", io::Error::last_os_error());
    // SAFETY: a new descriptor that nobody else has.
    let mut file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    file.write_all(contents).expect("memory for a test");
    file.set_permissions(Permissions::from_mode(0o600)).expect("an own memfd");
    // SAFETY: no memory is involved.
    assert_eq!(unsafe { libc::fcntl(descriptor, libc::F_ADD_SEALS, seals) }, 0);
    file
}

/// What `mmap(2)` says of a page of this file, to be written.
///
/// # Errors
/// Its errno.
pub fn map_for_writing(descriptor: i32) -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice takes no memory from anybody.
    let page = unsafe { libc::mmap(ptr::null_mut(), 4096, protection, libc::MAP_SHARED, descriptor, 0) };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the mapping was made above, and nothing refers to it.
    assert_eq!(unsafe { libc::munmap(page, 4096) }, 0);
    Ok(())
}

/// Two ends of Unix sockets of this type.
///
/// # Panics
/// When the system refuses.
#[must_use]
pub fn sockets(kind: i32) -> [OwnedFd; 2] {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which lives across the call.
    let result = unsafe { libc::socketpair(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0, ends.as_mut_ptr()) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: new descriptors that nobody else has.
    ends.map(|end| unsafe { OwnedFd::from_raw_fd(end) })
}

/// `setsockopt(2)`: turns this option of a socket on.
///
/// # Errors
/// Its errno.
pub fn set_option(socket: &OwnedFd, option: i32) -> io::Result<()> {
    let on = 1i32.to_ne_bytes();
    // SAFETY: four bytes, which live across the call.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, on.as_ptr().cast(), 4) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A message of the hand-over, as `docs/FORMAT.md` has it.
#[must_use]
pub fn message(name: &str, descriptors: u32) -> Vec<u8> {
    let mut bytes = b"SHMRHND1".to_vec();
    bytes.extend(descriptors.to_le_bytes());
    bytes.resize(16, 0);
    bytes.extend(name.as_bytes());
    bytes.resize(272, 0);
    bytes
}

/// Sends these bytes with these descriptors, as any program can.
///
/// # Panics
/// When the system refuses.
pub fn send(socket: &OwnedFd, bytes: &[u8], descriptors: &[i32]) {
    let mut control = [0_u64; 64];
    let length = 16 + 4 * descriptors.len();
    control[0] = length as u64;
    control[1] = 1 << 32 | u64::from(libc::SOL_SOCKET.cast_unsigned()); // SCM_RIGHTS
    for (at, descriptor) in descriptors.iter().enumerate() {
        control[2 + at / 2] |= u64::from(descriptor.cast_unsigned()) << (32 * (at % 2));
    }
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: a msghdr is numbers and pointers, all of which may be zero.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if !descriptors.is_empty() {
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = length.next_multiple_of(8);
    }
    // SAFETY: bytes and control live across the call, and are as long as said.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
    assert_eq!(usize::try_from(sent).ok(), Some(bytes.len()), "{}", io::Error::last_os_error());
}

//! Memfds for other processes. Relies on `region` for what this process holds, on `message` for the bytes and `socket` for
//! the descriptors that go over a Unix socket; knows no record.
//!
//! `memfd:NAME` counts in one process. Another one can use the table once it has been given it, under the same name: by
//! its parent, when it is started ([`inherit`]), or over a Unix socket, at any time ([`send`], [`receive`]).
//!
//! ```
//! # use shmrecord::{Reader, ShmRecord, Writer, handover::{self, Share}};
//! # use std::{os::unix::net::UnixStream, time::Duration};
//! # #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)] #[repr(C)] struct Quote { price: f64 }
//! let mut writer = Writer::<Quote>::create("memfd:doc-quotes", 100)?;
//! writer.write(7, &Quote { price: 2.5 })?;
//!
//! let (ours, theirs) = UnixStream::pair().unwrap();
//! handover::send(&ours, "memfd:doc-quotes", Share::Reader)?;
//!
//! let address = handover::receive(&theirs, Duration::from_secs(1))?; // another process
//! assert_eq!(address, "memfd:doc-quotes");
//! assert_eq!(Reader::<Quote>::open(&address)?.read(7)?, Quote { price: 2.5 });
//! # Ok::<(), shmrecord::Error>(())
//! ```

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::error::{At, Error, ErrorKind, Result};
use crate::region::map::Access;
use crate::region::{Identity, Place, inherited, memfd, registry};

mod message;
mod socket;

/// What another process is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// To read: the segment through a descriptor that is for reading only. Who has it needs no permission on the segment's
    /// mode; only a process that the mode lets write could open it again for writing.
    Reader,
    /// To read, and to take the role of writer when it is free: the segment and its guard.
    Writer,
}

/// `sendmsg(2)` with `SCM_RIGHTS`: gives the table at `address` to whoever [`receive`]s it at the other end of this Unix
/// socket, of any type. Waits as the socket does; the message is one write of 272 bytes.
///
/// # Errors
/// [`ErrorKind::BadArgument`] for an address of another kind, [`ErrorKind::NotFound`] when this process holds no memfd of this
/// name, [`ErrorKind::PermissionDenied`] for a writer's share of what it was itself given to read,
/// [`ErrorKind::Os`] when the socket fails.
pub fn send(socket: &impl AsFd, address: &str, share: Share) -> Result<()> {
    let address = Address::parse(address)?;
    let at = &At { operation: "hand over", subject: &address };
    let name = name(at, &address)?;
    let files = duplicates(at, name, share)?;
    let bytes = message::encode(name, files.len());
    let sent = socket::send(socket.as_fd(), &bytes, &files).map_err(|error| at.os("sendmsg", &error))?;
    if sent != bytes.len() {
        let words = format!("sendmsg took {sent} of {} bytes", bytes.len());
        return Err(at.error(ErrorKind::BadMessage).detail(words));
    }
    Ok(())
}

/// `recvmsg(2)`: waits until `timeout` for a table that is sent over this Unix socket, and takes it into this process.
/// Gives back its address, `memfd:NAME`. Has this process that name already, what was there goes: the newest counts.
///
/// Nothing of the table is looked at: opening it does that. When this fails, every descriptor that came is closed.
///
/// # Errors
/// [`ErrorKind::NotReady`] when nothing came, [`ErrorKind::NotFound`] when the other end is closed,
/// [`ErrorKind::BadMessage`] for anything but a table that was sent, [`ErrorKind::Os`] when the socket fails.
pub fn receive(socket: &impl AsFd, timeout: Duration) -> Result<String> {
    let at = &At { operation: "receive", subject: &"a memfd" };
    // What comes may have a number that is listed already: the registry's head.
    registry::get_ready(at)?;
    let mut bytes = [0; message::BYTES];
    let Some(received) = socket::receive(socket.as_fd(), &mut bytes, &Deadline::after(timeout))
        .map_err(|error| at.os("recvmsg", &error))?
    else {
        return Err(at.error(ErrorKind::NotReady).detail("nothing came before the timeout"));
    };
    if received.bytes == 0 {
        return Err(at.error(ErrorKind::NotFound).detail("the other end of the socket is closed"));
    }
    let bad = |why: String| at.error(ErrorKind::BadMessage).detail(why);
    let (name, announced) = message::decode(&bytes, received.bytes, received.is_cut).map_err(bad)?;
    let address = Address::parse(&format!("memfd:{name}"))
        .map_err(|_| bad("its name is none that a memfd may have".into()))?;
    let came = received.files.len();
    if came != announced || received.lacks_files {
        return Err(bad(format!("{came} descriptors came, {announced} expected")));
    }
    let files = received.files.into_iter().map(|file| accept(at, file)).collect::<Result<_>>()?;
    registry::replace(at, &name, files)?;
    Ok(address.to_string())
}

/// Gives the table at `address` to the process that `command` starts: with open descriptors, and the environment variable
/// `SHMRECORD_MEMFD`, which says which ones, and which `Command::env_clear` must not take away again. Calls for several
/// tables add up. The command holds duplicates, so that it works however long it is kept.
///
/// # Errors
/// As [`send`], but for the socket's.
pub fn inherit(command: &mut Command, address: &str, share: Share) -> Result<()> {
    let address = Address::parse(address)?;
    let at = &At { operation: "hand over", subject: &address };
    let name = name(at, &address)?;
    let files = duplicates(at, name, share)?;
    inherited::leave(command, name, files).map_err(|error| at.os("fstat", &error))
}

/// Closes what this process holds under `address`, whatever it is. Neither the table nor other processes notice; handles
/// that are open go on. [`remove`](crate::remove) is what ends a table.
///
/// # Errors
/// [`ErrorKind::BadArgument`] for an address of another kind, [`ErrorKind::NotFound`].
pub fn forget(address: &str) -> Result<()> {
    let address = Address::parse(address)?;
    let at = &At { operation: "forget", subject: &address };
    if registry::forget(at, name(at, &address)?)? { Ok(()) } else { Err(memfd::absent(at)) }
}

/// The name in an address that has one in the registry.
fn name<'a>(at: &At<'_>, address: &'a Address) -> Result<&'a str> {
    match address.place() {
        Place::Memfd(name) => Ok(name),
        Place::Named(_) | Place::Sysv(_) => {
            let kind = ErrorKind::BadArgument { argument: "address" };
            Err(at.error(kind).detail("only a memfd is handed over, others are found by their name"))
        }
    }
}

/// The descriptors of a share: the segment and, for a writer, its guard, if there is one.
fn duplicates(at: &At<'_>, name: &str, share: Share) -> Result<Vec<File>> {
    let segment = memfd::held(at, name)?;
    match (share, memfd::is_writable(at, &segment)?) {
        (Share::Reader, false) => Ok(vec![segment]),
        (Share::Reader, true) => Ok(vec![memfd::reopen(at, &segment, Access::Read)?]),
        (Share::Writer, false) => {
            Err(at.error(ErrorKind::PermissionDenied).detail("it was handed over for reading"))
        }
        (Share::Writer, true) => match memfd::held(at, &memfd::guard_name(name)) {
            Ok(guard) => Ok(vec![segment, guard]),
            // Another program's memfd has none.
            Err(error) if *error.kind() == ErrorKind::NotFound => Ok(vec![segment]),
            Err(error) => Err(error),
        },
    }
}

/// A descriptor that came, if it is a memfd's.
fn accept(at: &At<'_>, file: File) -> Result<(File, Identity)> {
    if memfd::seals(&file).is_err() {
        return Err(no_memfd(at));
    }
    let identity = Identity::of(&file).map_err(|error| at.os("fstat", &error))?;
    Ok((file, identity))
}

#[cold]
fn no_memfd(at: &At<'_>) -> Error {
    at.error(ErrorKind::BadMessage).detail("a descriptor that came is no memfd")
}

//! What the kernel carries through a pair of descriptors, one message for each value: pipe, FIFO, sockets. One of them polls, its
//! reads being `EAGAIN` until something comes, or sleeps in `read`.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::marker::PhantomData;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::{Sample, bytes, bytes_mut};

/// A way through the kernel.
pub(crate) trait Channel: 'static {
    /// Messages of 64 bytes that it surely holds.
    const ROOM: usize;

    /// Its ends: for reading, for writing.
    fn open(place: &Place) -> io::Result<(OwnedFd, OwnedFd)>;

    fn remove(_place: &Place) {}
}

/// Values through such a channel, to a reader that sleeps or polls.
pub(crate) struct Through<C, const SLEEPS: bool>(PhantomData<C>);

impl<C: Channel, T: Sample, const SLEEPS: bool> Peer<T> for Through<C, SLEEPS> {
    const ROOM: usize = C::ROOM;

    type Common = (OwnedFd, OwnedFd);
    type Writer = File;
    type Reader = File;

    fn prepare(place: &Place, _: usize) -> Outcome<Self::Common> {
        Ok(C::open(place)?)
    }

    fn writer((_, writer): &'static Self::Common) -> Outcome<File> {
        Ok(writer.try_clone()?.into())
    }

    fn reader((reader, _): &'static Self::Common) -> Outcome<File> {
        if !SLEEPS {
            // SAFETY: numbers only.
            let set = unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            if set != 0 {
                return Err(io::Error::last_os_error().into());
            }
        }
        Ok(reader.try_clone()?.into())
    }

    fn remove(place: &Place) {
        C::remove(place);
    }
}

impl<T: Sample> Write<T> for File {
    #[inline(always)]
    fn write(&mut self, _: usize, value: &T) {
        self.write_all(bytes(value)).expect("a reader is there");
    }
}

impl<T: Sample> Read<T> for File {
    #[inline(always)]
    fn read(&mut self, _: usize, out: &mut T) -> bool {
        match self.read_exact(bytes_mut(out)) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("a read fails: {error}"),
        }
    }
}

pub(crate) struct Pipe;

impl Channel for Pipe {
    /// A pipe has 16 pages, unless its user has too many.
    const ROOM: usize = 64;

    fn open(_: &Place) -> io::Result<(OwnedFd, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        Ok((reader.into(), writer.into()))
    }
}

pub(crate) struct Fifo;

impl Fifo {
    fn path(place: &Place) -> String {
        format!("{}/{}", std::env::temp_dir().display(), place.name())
    }
}

impl Channel for Fifo {
    const ROOM: usize = Pipe::ROOM;

    fn open(place: &Place) -> io::Result<(OwnedFd, OwnedFd)> {
        let path = Self::path(place);
        let name = CString::new(path.as_str())?;
        // SAFETY: a C string that lives across the call.
        if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // With both directions Linux opens it without a partner.
        let both = File::options().read(true).write(true).open(&path)?;
        Ok((File::open(&path)?.into(), both.into()))
    }

    fn remove(place: &Place) {
        // It may never have come to be.
        let _ = fs::remove_file(Self::path(place));
    }
}

pub(crate) struct Stream;

impl Channel for Stream {
    const ROOM: usize = 64;

    fn open(_: &Place) -> io::Result<(OwnedFd, OwnedFd)> {
        let (reader, writer) = UnixStream::pair()?;
        Ok((reader.into(), writer.into()))
    }
}

pub(crate) struct Datagram;

impl Channel for Datagram {
    /// `net.unix.max_dgram_qlen` is 10 where nobody changed it.
    const ROOM: usize = 8;

    fn open(_: &Place) -> io::Result<(OwnedFd, OwnedFd)> {
        let (reader, writer) = UnixDatagram::pair()?;
        Ok((reader.into(), writer.into()))
    }
}

/// Over the loopback device, each message at once.
pub(crate) struct Tcp;

impl Channel for Tcp {
    const ROOM: usize = 64;

    fn open(_: &Place) -> io::Result<(OwnedFd, OwnedFd)> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let writer = TcpStream::connect(listener.local_addr()?)?;
        let (reader, _) = listener.accept()?;
        writer.set_nodelay(true)?;
        Ok((reader.into(), writer.into()))
    }
}

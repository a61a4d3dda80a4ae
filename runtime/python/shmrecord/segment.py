"""The memory of a segment, mapped so that this process cannot write it: files, POSIX shared memory, System V, memfds that
were inherited. Relies on address and error; knows nothing of what a segment holds.

A file that is cut while it is mapped ends its readers with SIGBUS, as everywhere; a sealed memfd cannot be cut."""

import ctypes
import fcntl
import mmap
import os
import stat
import weakref

from .error import Code
from .geometry import LIVE_END

_MEMFD_VARIABLE = "SHMRECORD_MEMFD"
_SEALS = ((0x2, "F_SEAL_SHRINK"), (0x4, "F_SEAL_GROW"), (0x1, "F_SEAL_SEAL"))
_SHM_RDONLY = 0o10000
_IPC_STAT = 2

# memfds that were inherited, by name: each is taken in once.
_inherited = {}


class Terms:
    """Whom a reader trusts: `owner`, a user id beside its own and root; segments that everybody may write; unsealed
    memfds."""

    def __init__(self, owner, world_writable, accept_unsealed):
        self.owner = owner
        self.world_writable = world_writable
        self.accept_unsealed = accept_unsealed

    def check(self, owner, mode, task):
        """Accepts an object of this owner and mode."""
        if owner not in (0, os.geteuid(), self.owner):
            raise task.error(Code.BAD_OWNER, f"owned by user {owner}, who is not trusted")
        if mode & 0o002 and not self.world_writable:
            raise task.error(Code.TOO_PERMISSIVE, f"mode {mode:04o} lets everybody write")


class Segment:
    """A mapping: `bytes` and `words`, views of the same memory that cannot be written."""

    def __init__(self, address, terms, task):
        self._buffer = None
        self._detach = None
        attach = self._attach_key if address.kind == "sysv" else self._attach_file
        self.bytes = attach(address, terms, task)
        # Words of 8 bytes: mappings begin at pages, and a segment's length is checked with its header.
        self.words = self.bytes[: len(self.bytes) & ~7].cast("Q")

    def close(self):
        """Gives the mapping back."""
        self.words.release()
        self.bytes.release()
        if self._detach is not None:
            self._detach()
        elif self._buffer is not None:
            self._buffer.close()
        self._buffer = None

    def _attach_file(self, address, terms, task):
        if address.kind == "memfd":
            fd = _memfd(address.name, terms, task)
        else:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            try:
                fd = os.open(address.path, flags)
            except OSError as error:
                raise task.os_error("open", error.errno) from None
        try:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                kinds = {stat.S_IFDIR: "directory", stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "socket"}
                found = f"not a regular file but a {kinds.get(stat.S_IFMT(facts.st_mode), 'device')}"
                raise task.error(Code.NOT_REGULAR, found)
            terms.check(facts.st_uid, stat.S_IMODE(facts.st_mode), task)
            _check_size(facts.st_size, task)
            self._buffer = mmap.mmap(fd, facts.st_size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
        except OSError as error:
            raise task.os_error("mmap", error.errno) from None
        except (ValueError, OverflowError) as error:  # the file was cut since fstat
            raise task.error(Code.SIZE_MISMATCH, f"{error}") from None
        finally:
            os.close(fd)
        return memoryview(self._buffer)

    def _attach_key(self, address, terms, task):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmget.argtypes = (ctypes.c_int, ctypes.c_size_t, ctypes.c_int)
        libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
        libc.shmat.restype = ctypes.c_void_p
        libc.shmctl.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
        libc.shmdt.argtypes = (ctypes.c_void_p,)
        # The system takes the key as a signed number of the same bits.
        shm = libc.shmget(ctypes.c_int(address.key).value, 0, 0)
        if shm < 0:
            raise task.os_error("shmget", ctypes.get_errno())
        facts = _ShmidDs()
        if libc.shmctl(shm, _IPC_STAT, ctypes.byref(facts)) != 0:
            raise task.os_error("shmctl(IPC_STAT)", ctypes.get_errno())
        # Owner and creator may both change and remove it.
        terms.check(facts.uid, facts.mode & 0o777, task)
        terms.check(facts.cuid, facts.mode & 0o777, task)
        _check_size(facts.segsz, task)
        at = libc.shmat(shm, None, _SHM_RDONLY)
        if at == ctypes.c_void_p(-1).value:
            raise task.os_error("shmat", ctypes.get_errno())
        self._detach = weakref.finalize(self, libc.shmdt, at)
        # The process's end gives it back, behind the last read of its threads.
        self._detach.atexit = False
        return memoryview((ctypes.c_char * facts.segsz).from_address(at)).cast("B").toreadonly()


class _ShmidDs(ctypes.Structure):
    """What shmctl(IPC_STAT) stores on 64-bit Linux, up to what is asked for, with room for the rest."""

    _fields_ = [
        ("key", ctypes.c_int32),
        ("uid", ctypes.c_uint32),
        ("gid", ctypes.c_uint32),
        ("cuid", ctypes.c_uint32),
        ("cgid", ctypes.c_uint32),
        ("mode", ctypes.c_uint32),
        ("more", ctypes.c_uint64 * 3),
        ("segsz", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 16),
    ]


def ipc_namespace():
    """The inode of this thread's IPC namespace; 0 where it cannot be read."""
    try:
        return os.stat("/proc/thread-self/ns/ipc").st_ino
    except OSError:
        return 0


def _check_size(actual, task):
    if actual < LIVE_END:
        raise task.error(Code.SIZE_MISMATCH, f"{actual} bytes long, {LIVE_END} expected")


def _memfd(name, terms, task):
    """A duplicate of the memfd that this process inherited under this name."""
    _take_in()
    if name not in _inherited:
        raise task.error(Code.NOT_FOUND, "not found: this process holds no memfd of this name")
    try:
        fd = fcntl.fcntl(_inherited[name], fcntl.F_DUPFD_CLOEXEC, 0)
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        raise task.os_error("fcntl", error.errno) from None
    missing = ", ".join(label for bit, label in _SEALS if not seals & bit)
    if missing and not terms.accept_unsealed:
        os.close(fd)
        raise task.error(Code.UNSEALED, f"not sealed: {missing} missing")
    return fd


def _take_in():
    """Takes in what the environment tells of, the newest entries first: docs/FORMAT.md has their form."""
    for entry in reversed(os.environ.get(_MEMFD_VARIABLE, "").split("/")):
        descriptors, equals, name = entry.partition("=")
        fds = [_heirloom(text) for text in descriptors.split(",")]
        if equals and name and name not in _inherited and len(fds) in (1, 2) and None not in fds:
            for fd in fds:
                os.set_inheritable(fd, False)
            _inherited[name] = fds[0]


def _heirloom(text):
    """The descriptor in FD:DEVICE:INODE, if it is open, is that file, and nobody has taken it in."""
    numbers = text.split(":")
    if len(numbers) != 3 or not all(number.isascii() and number.isdigit() for number in numbers):
        return None
    try:
        fd, device, inode = map(int, numbers)
        facts = os.fstat(fd)
        fits = fd > 2 and os.get_inheritable(fd) and (facts.st_dev, facts.st_ino) == (device, inode)
    except (OSError, ValueError, OverflowError):
        return None
    return fd if fits else None

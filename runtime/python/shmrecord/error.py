"""What can go wrong: a code, which has the number that it has in Rust and C, and a sentence that says the operation, the
segment, what was found, and what to do. Relies on the standard library alone."""

import enum
import errno as numbers
import os


class Code(enum.IntEnum):
    """The codes of the errors that a reader can have."""

    BAD_ADDRESS = 1
    BAD_NAME = 2
    NOT_FOUND = 3
    NOT_REGULAR = 4
    BAD_OWNER = 5
    TOO_PERMISSIVE = 6
    PERMISSION_DENIED = 7
    OS = 10
    NOT_READY = 11
    BAD_MAGIC = 12
    WRONG_ENDIAN = 13
    ABI_MISMATCH = 14
    HEADER_CORRUPT = 15
    BAD_GEOMETRY = 16
    SIZE_MISMATCH = 17
    DESCRIPTION_CORRUPT = 18
    LAYOUT_MISMATCH = 19
    STALE_BOOT = 20
    RETIRED = 21
    BAD_ARGUMENT = 22
    INDEX_OUT_OF_RANGE = 28
    CONTENDED = 29
    INVALID_BITS = 30
    BAD_KEY = 32
    UNSEALED = 37
    NAMESPACE_MISMATCH = 40


_CREATE_AGAIN = "remove the segment and let its writer create it again"

# What to do about each.
_HINTS = {
    Code.BAD_ADDRESS: "write posix:/name, file:/path, sysv:0x1234 or memfd:name",
    Code.BAD_NAME: "choose another name",
    Code.NOT_FOUND: "start the program that creates it, or check the address",
    Code.NOT_REGULAR: "something else has this name: remove it or choose another name",
    Code.BAD_OWNER: "name the owner as trusted in the options if that is intended",
    Code.TOO_PERMISSIVE: "create it with a narrower mode, or ask for that mode in the options",
    Code.PERMISSION_DENIED: "check owner and mode, or run as a user who may",
    Code.OS: "see the errno",
    Code.NOT_READY: "try again; if it stays so, another program made it",
    Code.BAD_MAGIC: "another program made it: check the address",
    Code.WRONG_ENDIAN: "read it on a machine of its own byte order",
    Code.ABI_MISMATCH: "build both programs with the same version of shmrecord",
    Code.HEADER_CORRUPT: _CREATE_AGAIN,
    Code.BAD_GEOMETRY: _CREATE_AGAIN,
    Code.SIZE_MISMATCH: "it was cut or extended: remove it and let its writer create it again",
    Code.DESCRIPTION_CORRUPT: _CREATE_AGAIN,
    Code.LAYOUT_MISMATCH: "build both programs from the same schema",
    Code.STALE_BOOT: "remove it and let its writer create it again",
    Code.RETIRED: "open it again, once another one is there",
    Code.BAD_ARGUMENT: "choose a value in the range",
    Code.INDEX_OUT_OF_RANGE: "use an index below the capacity",
    Code.CONTENDED: "try again, or give the table more cells",
    Code.INVALID_BITS: "if it was never written, give its enum a value for 0; else the writer stored what is no value",
    Code.BAD_KEY: "write sysv:0x1234, sysv:4660 or sysv:ftok(/path,7)",
    Code.UNSEALED: "let its creator seal it, or accept it unsealed in the options",
    Code.NAMESPACE_MISMATCH: "run both in one IPC namespace, or use posix: or file:",
}


class Error(Exception):
    """Why something failed: `code`, an `errno` of the system or 0, and the sentence that `str` gives."""

    def __init__(self, code, operation, subject, found, errno=0):
        # All of them, so that it can be pickled: what a process of a pool raises is.
        super().__init__(code, operation, subject, found, errno)
        self.code = code
        self.errno = errno

    def __str__(self):
        code, operation, subject, found, errno = self.args
        reason = f": {os.strerror(errno)} (os error {errno})" if errno else ""
        return f"{operation} {subject}: {found}{reason}; {_HINTS[code]}"


class Task:
    """The operation under way and what it is done to: what every error needs to say."""

    def __init__(self, operation, subject):
        self.operation = operation
        self.subject = subject

    def error(self, code, found, errno=0):
        """The error of this operation."""
        return Error(code, self.operation, self.subject, found, errno)

    def os_error(self, call, errno):
        """The error of a system call that failed: an errno that has a code of its own gets it."""
        name = numbers.errorcode.get(errno)
        if name == "ENOENT":
            return self.error(Code.NOT_FOUND, f"not found: {call}", errno)
        if name in ("EACCES", "EPERM", "EROFS"):
            return self.error(Code.PERMISSION_DENIED, f"permission denied: {call}", errno)
        others = {"ELOOP": "symbolic link", "EISDIR": "directory", "ENXIO": "socket or device"}
        if name in others:
            return self.error(Code.NOT_REGULAR, f"not a regular file but a {others[name]}: {call}", errno)
        return self.error(Code.OS, f"system call failed: {call}", errno)

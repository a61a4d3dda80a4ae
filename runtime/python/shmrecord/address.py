"""Addresses, as every language writes them: posix:/name, file:/path, sysv:key, memfd:name. Relies on error; opens
nothing, but asks for the file that a key is made from."""

import os

from .error import Code, Task

# What file systems allow for one component of a path (255), less the suffix of the guard.
_NAME_MAX = 249
_GUARD_SUFFIX = ".guard"
_NO_BYTES = "a character that names of files cannot have"


class Address:
    """Where a segment is: `kind` is "posix", "file", "sysv" or "memfd"; `path` of a file, `key`, `name` of a memfd."""

    def __init__(self, text):
        task = Task("parse address", text)
        kind, colon, rest = text.partition(":")
        if not colon:
            raise task.error(Code.BAD_ADDRESS, "bad address: no kind before a colon")
        if kind not in ("posix", "file", "sysv", "memfd"):
            raise task.error(Code.BAD_ADDRESS, f"bad address: kind `{kind}` is unknown")
        if kind == "posix" and rest.startswith("/"):
            rest = rest[1:]
        self.kind = kind
        self.text = f"posix:/{rest}" if kind == "posix" else text
        self.key = self.path = self.name = None
        if kind == "sysv":
            self.key = _key(rest, task)
            return
        if kind != "file" and "/" in rest:
            raise task.error(Code.BAD_NAME, "bad name: a slash inside the name")
        if kind == "posix" and rest.startswith("sem."):
            raise task.error(Code.BAD_NAME, "bad name: names starting with sem. belong to POSIX semaphores")
        _check_component(rest, task)
        if kind == "memfd":
            self.name = rest
        else:
            self.path = f"/dev/shm/{rest}" if kind == "posix" else rest


def has_control(text, but=""):
    """Whether text holds a control character other than this one."""
    return any((c < " " or "\x7f" <= c <= "\x9f") and c != but for c in text)


def _check_component(path, task):
    name = path.rpartition("/")[2]
    try:
        length = len(os.fsencode(path).rpartition(b"/")[2])
    except UnicodeEncodeError:  # half of a surrogate pair
        raise task.error(Code.BAD_NAME, f"bad name: {_NO_BYTES} inside the name") from None
    if has_control(path):
        raise task.error(Code.BAD_NAME, "bad name: a control character inside the name")
    if not name:
        raise task.error(Code.BAD_NAME, "bad name: the name is empty")
    if name in (".", ".."):
        raise task.error(Code.BAD_NAME, f"bad name: `{name}` is a directory")
    if length > _NAME_MAX:
        found = f"bad name: {length} bytes, at most {_NAME_MAX} fit beside the {_GUARD_SUFFIX} of its guard file"
        raise task.error(Code.BAD_NAME, found)
    if name.endswith(_GUARD_SUFFIX):
        raise task.error(Code.BAD_NAME, f"bad name: names ending in {_GUARD_SUFFIX} belong to guard files")


def _key(text, task):
    """What stands behind `sysv:`: any 32 bits but 0."""
    key = _ftok(text[5:], task) if text.startswith("ftok(") else _number(text, task)
    if key == 0:
        raise task.error(Code.BAD_KEY, "bad key: 0 is IPC_PRIVATE, which names nothing")
    return key


def _number(text, task):
    """A decimal or hexadecimal number of 32 bits, without a sign."""
    digits, base = (text[2:], 16) if text[:2] in ("0x", "0X") else (text, 10)
    allowed = "0123456789abcdefABCDEF" if base == 16 else "0123456789"
    if not digits or any(c not in allowed for c in digits):
        found = f"bad key: `{text}` is not a number without sign, such as 0x1234 or 4660"
        raise task.error(Code.BAD_KEY, found)
    if base == 10 and len(text) > 1 and text[0] == "0":
        found = f"bad key: `{text}` is octal in C and decimal elsewhere: write it without the leading 0"
        raise task.error(Code.BAD_KEY, found)
    # More digits than 32 bits can have are not worth a conversion, which takes long for very many.
    digits = digits.lstrip("0") or "0"
    if len(digits) > 10 or int(digits, base) > 0xFFFF_FFFF:
        raise task.error(Code.BAD_KEY, f"bad key: `{text}` has more than 32 bits")
    return int(digits, base)


def _ftok(text, task):
    """What ftok(3) makes of a path and a number: 8 bits of the number, 8 of the device, 16 of the inode."""
    path, comma, number = text[:-1].rpartition(",")
    if not text.endswith(")") or not comma:
        raise task.error(Code.BAD_KEY, "bad key: expected ftok(/path,7)")
    project = _number(number, task)
    if not 1 <= project <= 255:
        raise task.error(Code.BAD_KEY, f"bad key: the number in ftok is {project}, expected 1 to 255")
    try:
        facts = os.stat(path)
    except UnicodeEncodeError:
        raise task.error(Code.BAD_KEY, f"bad key: {_NO_BYTES} inside the path") from None
    except ValueError:
        raise task.error(Code.BAD_KEY, "bad key: a NUL inside the path") from None
    except OSError as error:
        raise task.os_error("stat of the path in ftok", error.errno) from None
    return project << 24 | (facts.st_dev & 0xFF) << 16 | facts.st_ino & 0xFFFF

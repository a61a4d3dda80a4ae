"""What a generated class and the reader make of the facts in facts.toml."""

import ctypes
import platform
from decimal import Decimal

import facts
from facts import Book, BookFlags, Phase, Side
from shmrecord import Reader, describe, validity, value

book = Book()
book.symbol = b"AB"
book.side, book.phase, book.flags, book.ts = ord("B"), -2, 1 | 1 << 63 | 4, 1_700_000_000_123_456_789
book.levels[0].px, book.levels[0].avg = 1_234_567_890_123_456_789, float("nan")
book.levels[1].px, book.levels[1].big, book.levels[1].avg = 2**63 - 1, 7, 0.5
book.sides[:] = [ord("N"), 7, ord("A")]
book.scaled[:] = [-1, -150]

assert facts.MAX_DEPTH == 10
assert value(book, "symbol") == "AB" and book.symbol == b"AB"
assert value(book, "side") is Side.BID and value(book, "phase") is Phase.AUCTION
unknown = value(book, "sides")[1]
assert isinstance(unknown, Side) and unknown == 7 and unknown.name == "7", unknown
assert value(book, "sides")[::2] == [Side.NONE, Side.ASK]
flags = value(book, "flags")
assert isinstance(flags, BookFlags) and BookFlags.SNAPSHOT in flags and BookFlags.STALE not in flags and flags & 4
assert value(book, "ts") == 1_700_000_000_123_456_789
assert value(book.levels[0], "px") == Decimal("1234567890.123456789") and value(book.levels[0], "avg") is None
assert value(book.levels[1], "px") is None and str(value(book.levels[1], "big")) == "7E+3"
assert value(book.levels[1], "avg") == 0.5
assert value(book, "scaled") == [None, Decimal("-1.50")]
try:
    Phase(1)
    raise AssertionError("a closed enum takes what is no value")
except ValueError:
    pass

# What is no value is found before anybody sees it.
description = describe.decode(Book._description_)
restrictions = validity.restrictions(description)
assert validity.first_invalid(restrictions, bytes(book)) is None
book.phase = 1
at = validity.first_invalid(restrictions, bytes(book))
assert validity.path_to(description, at) == "phase", at

# Neither a structure of the program's own nor a processor that reorders loads.
for record, machine, expected in ((ctypes.Structure, "x86_64", TypeError), (Book, "aarch64", NotImplementedError)):
    platform.machine = lambda: machine
    try:
        Reader("posix:/shmrecord-nothing-here", record)
        raise AssertionError(f"{record} on {machine} is accepted")
    except expected:
        pass

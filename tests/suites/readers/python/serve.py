"""serve.py RECORD ADDRESS: reads a table of another program. Prints `table CAPACITY EPOCH`, or `refused CODE TEXT` and ends;
then answers each line of its input, with `error CODE TEXT` when something is wrong:

read N       reads N records one after the other as fast as it can, then prints them: `INDEX VERSION WORDS`, `contended`
numpy N      the same through numpy, with the number of the version that was there before
snapshot     all records in one state, on one line
versions     the versions of all records
state        `live` or `retired`

At the end of its input it closes the table, and prints what is said then: codes, or values where there is none.
"""

import ctypes
import os
import pickle
import sys

import fixture
import shmrecord

try:
    import numpy
except ImportError:
    numpy = None


def main():
    record = getattr(fixture, sys.argv[1])
    try:
        table = shmrecord.Reader(sys.argv[2], record)
    except shmrecord.Error as error:
        # As one that comes from another process.
        error = pickle.loads(pickle.dumps(error))
        say("refused", int(error.code), error)
        return
    there = os.listdir("/proc/self/fd")
    shmrecord.Reader(sys.argv[2], record)
    assert os.listdir("/proc/self/fd") == there, "a reader that nobody has is gone"
    say("table", table.capacity, table.epoch)
    with table:
        for line in sys.stdin:
            command, _, count = line.strip().partition(" ")
            try:
                answer(table, command, int(count or 0))
            except shmrecord.Error as error:
                say("error", int(error.code), error)
    say(*map(outcome, (lambda: table.read(0), lambda: table.version(0), table.snapshot, table.close)), end=" ")
    say(table.capacity, outcome(lambda: table.epoch), outcome(lambda: table.retired))


def outcome(call):
    """The code of its error, or 0."""
    try:
        call()
    except shmrecord.Error as error:
        return int(error.code)
    return 0


def answer(table, command, count):
    if command in ("read", "numpy"):
        read = read_numpy if command == "numpy" else table.read_versioned
        for index, result in [(at % table.capacity, attempt(read, table, at % table.capacity)) for at in range(count)]:
            if result is None:
                say("contended")
            else:
                value, version = result
                say(index, version, words(bytes(value)))
    elif command == "snapshot":
        records = [bytes(record) for record in table.snapshot()]
        assert numpy is None or b"".join(records) == table.snapshot_numpy().tobytes() or count
        say(*map(words, records))
    elif command == "versions":
        say(*(table.version(Index(index)) for index in range(table.capacity)))
    elif command == "state":
        say("retired" if table.retired else "live")


class Index:
    """A number that can be an index and nothing else: arithmetic on one of numpy's overflows."""

    def __init__(self, number):
        self._number = number

    def __index__(self):
        return self._number


def attempt(read, table, index):
    try:
        return read(index) if read == table.read_versioned else read(table, index)
    except shmrecord.Error as error:
        if error.code != shmrecord.Code.CONTENDED:
            raise
        return None


def read_numpy(table, index):
    version = table.version(index)
    value = table.read_numpy(index)
    assert value.dtype.itemsize == ctypes.sizeof(table.read(index))
    return value.tobytes(), version


def words(data):
    return " ".join(f"{int.from_bytes(data[at : at + 8], 'little'):x}" for at in range(0, len(data), 8))


def say(*parts, end="\n"):
    print(*parts, end=end, flush=True)


main()

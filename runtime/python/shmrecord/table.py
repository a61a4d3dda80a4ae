"""Reader: a table in shared memory, its records as structures of a generated class or of numpy. Relies on attach and slot;
never stores to the segment."""

import ctypes
import operator
import time

from . import describe, header, validity
from .address import Address
from .attach import attach
from .error import Code, Error, Task
from .segment import Terms
from .slot import Slots, check_machine

# Attempts between two pauses: those before one bring the cache lines here.
_BURST = 64
# Records of a snapshot between two looks at whether it is in vain: some hundreds of microseconds.
_LOOK = 64

# A structure of a class from bytes. Asked for by the class itself, it would be a field of that name where there is one.
_structure = type(ctypes.Structure).from_buffer_copy


class Reader:
    """A table, mapped for reading, of the records of a generated class:

        with shmrecord.Reader("posix:/quotes", md.MarketData) as quotes:
            quote = quotes.read(7)

    `timeout` is how many seconds opening and each read may take; `owner` a user id that is trusted beside this process's
    own and root; `world_writable` accepts a table that everybody may write, `accept_unsealed` a memfd that can be cut,
    `any_boot` a file that was made before the machine last booted.

    Every method raises Error. Threads may share a reader, and children of its process may use it; none may read while or
    after it is closed.
    """

    def __init__(
        self,
        address,
        record,
        *,
        timeout=1.0,
        owner=None,
        world_writable=False,
        accept_unsealed=False,
        any_boot=False,
    ):
        self._segment = None
        check_machine()
        if not hasattr(record, "_description_"):
            raise TypeError(f"{record!r} is no class that ipcgen generated")
        place = Address(address)
        self._address, self._record, self._timeout = place.text, record, timeout
        self._description = describe.decode(record._description_)
        self._restrictions = validity.restrictions(self._description)
        task = Task("open for reading", place.text)
        terms = Terms(owner, world_writable, accept_unsealed)
        for last in _until(time.monotonic() + timeout):
            try:
                self._segment, found = attach(place, record, terms, any_boot, task)
                break
            except Error as error:
                # A System V segment has its key before it is complete.
                if last or place.kind != "sysv" or error.code != Code.NOT_READY:
                    raise
        self._capacity, self._size = found.shape.capacity, found.shape.record_bytes
        self._slots = Slots(self._segment, found)

    @property
    def capacity(self):
        """The number of records."""
        return self._capacity

    @property
    def epoch(self):
        """How often the role of writer was taken; 1 while the creator has it."""
        return self._word(header.EPOCH_WORD)

    @property
    def retired(self):
        """Whether the table was removed or replaced: then nobody writes to it any more, and it can be opened again."""
        return self._word(header.STATE_WORD) == header.RETIRED

    def version(self, index):
        """How often the record was published; 0: never."""
        return self._patiently(index, 0)[0]

    def read(self, index):
        """A copy of the record: a structure of the generated class; all zeros when it was never published."""
        return self.read_versioned(index)[0]

    def read_versioned(self, index):
        """As read, and how often the record was published."""
        version, data = self._read(index)
        return _structure(self._record, data), version

    def read_numpy(self, index):
        """A copy of the record: a scalar of numpy's with the fields by name."""
        return self._array(self._read(index)[1])[0]

    def snapshot(self, start=0, stop=None):
        """Copies of all records, or of those from `start` up to `stop`, in one state with respect to batches: a list."""
        return [_structure(self._record, data) for data in self._snapshot(start, stop)]

    def snapshot_numpy(self, start=0, stop=None):
        """As snapshot: a structured array of numpy's."""
        return self._array(b"".join(self._snapshot(start, stop)))

    def close(self):
        """Gives the mapping back; what was read stays."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _error(self, code, found):
        return Task("read", self._address).error(code, found)

    def _word(self, at):
        if self._segment is None:
            raise self._error(Code.BAD_ARGUMENT, "bad handle: it is closed")
        return self._segment.words[at]

    def _array(self, data):
        import numpy

        # Of a copy that can be written.
        return numpy.frombuffer(bytearray(data), numpy.dtype(self._record._dtype_))

    def _read(self, index, deadline=None):
        version, data = self._patiently(index, self._size, deadline)
        wrong = validity.first_invalid(self._restrictions, data)
        if wrong is not None:
            field = f"{self._record._name_}.{validity.path_to(self._description, wrong)}"
            which = f"record {index}" if version > 0 else f"record {index}, never written"
            raise self._error(Code.INVALID_BITS, f"{field}: bytes that are no value of its type: {which}")
        return version, data

    def _patiently(self, index, size, deadline=None):
        if self._segment is None:
            raise self._error(Code.BAD_ARGUMENT, "bad handle: it is closed")
        # A number of numpy's has few bits, in which an offset overflows.
        index = operator.index(index)
        if not 0 <= index < self._capacity:
            raise self._error(Code.INDEX_OUT_OF_RANGE, f"index {index} out of range, capacity {self._capacity}")
        # Nearly always this is all.
        result = self._slots.attempt(index, size)
        if result is not None:
            return result
        attempts = 1
        for _ in _until(time.monotonic() + self._timeout if deadline is None else deadline):
            for _ in range(_BURST):
                attempts += 1
                result = self._slots.attempt(index, size)
                if result is not None:
                    return result
        raise self._error(Code.CONTENDED, f"no consistent value in {attempts} attempts: record {index}")

    def _snapshot(self, start, stop):
        stop = self._capacity if stop is None else stop
        if not 0 <= start <= stop <= self._capacity:
            found = f"records {start} to {stop} out of range, capacity {self._capacity}"
            raise self._error(Code.INDEX_OUT_OF_RANGE, found)
        deadline, attempts = time.monotonic() + self._timeout, 0
        for _ in _until(deadline):
            for _ in range(_BURST):
                attempts += 1
                records = self._pass(start, stop, deadline, attempts > 1)
                if records is not None:
                    return records
                if time.monotonic() >= deadline:
                    break
        found = f"no consistent value in {attempts} attempts: records {start}..{stop}"
        raise self._error(Code.CONTENDED, found)

    def _pass(self, start, stop, deadline, again):
        """These records; None: a batch came between, or the deadline, in all passes but the first. That one goes on while
        no batch comes: nobody is waited for."""
        committed, records = self._word(header.COMMIT_SEQ_WORD), []
        for first in range(start, stop, _LOOK):
            if records and (self._word(header.COMMIT_SEQ_WORD) != committed or again and time.monotonic() >= deadline):
                return None
            records += [self._read(index, deadline)[1] for index in range(first, min(first + _LOOK, stop))]
        return records if self._word(header.COMMIT_SEQ_WORD) == committed else None


def _until(deadline):
    """Rounds with growing pauses between them, until this time; whether each is the last."""
    pause = 1e-6
    while True:
        left = deadline - time.monotonic()
        yield left <= 0
        if left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(2 * pause, 1e-3)

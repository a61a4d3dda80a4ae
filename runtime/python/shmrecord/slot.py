"""One record of a table: attempts to read it by the protocol of docs/FORMAT.md. Relies on a checked header.

Why an attempt that passes its check is whole. The protocol wants two things of the loads here: that each load of a version
or sequence word is one access, and that loads happen in the order in which they are written down. An element of a
memoryview of format Q is copied by CPython with one access of 8 bytes, as every such word is aligned. Nothing reorders
two of them when the program is compiled, for between them are calls through pointers that no compiler sees through.
Nothing reorders them when it runs, because x86-64 keeps loads in program order, those of a copy of many bytes too. So a
copy that holds anything of a later write is followed by a load that finds the version, or the log's sequence, changed. On
other processors a load may overtake another, and Python has no fence: there no table is opened.
"""

import platform

from .header import COMMIT_SEQ_WORD

_MAX_WORD = 0xFFFF_FFFF_FFFF_FFFF


def check_machine():
    """Refuses a processor on which the loads below may come in another order."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise NotImplementedError(f"this reader relies on the memory order of x86-64, not of {platform.machine()}")


class Slots:
    """The records of a mapped table."""

    def __init__(self, segment, header):
        shape, self._geometry = header.shape, header.geometry
        self._words, self._bytes = segment.words, segment.bytes
        self._cells, self._log_entries = shape.cells, shape.log_entries
        self._cell_words = -(-shape.record_bytes // 8)
        self._log = header.geometry.log_offset // 8
        # Not bound: a method of its own in an object keeps it, and so the mapping, until the garbage collector comes.
        self._attempt = Slots._slot_or_log if shape.cells == 1 else Slots._newest_cell

    def attempt(self, index, size):
        """One attempt to read so many bytes of a record: version and bytes, or None."""
        return self._attempt(self, index, size)

    def _version_at(self, index):
        return (self._geometry.versions_offset + index * self._geometry.versions_stride) // 8

    def _newest_cell(self, index, size):
        """Version v is in cell v mod K; a writer is one cell ahead."""
        geometry, words, at = self._geometry, self._words, self._version_at(index)
        cells = geometry.cells_offset + index * geometry.record_stride
        before = words[at]
        cell = cells + before % self._cells * geometry.cell_stride
        data = bytes(self._bytes[cell : cell + size])
        if (words[at] - before) & _MAX_WORD <= self._cells - 2:
            return before, data
        return None

    def _slot_or_log(self, index, size):
        """The slot at rest; while it is overwritten, or its writer died there, the value in the log."""
        words, at = self._words, self._version_at(index)
        cell = self._geometry.cells_offset + index * self._geometry.record_stride
        before = words[at]
        if before & 1 == 0:
            data = bytes(self._bytes[cell : cell + size])
            return (before >> 1, data) if words[at] == before else None
        sequence = words[self._log]
        if sequence & 1:
            return None
        batch = words[self._log + 2]
        committed = batch <= words[COMMIT_SEQ_WORD]
        entry = self._find(index, before + 1)
        if entry is None:
            return None
        place = entry if committed else cell
        data = bytes(self._bytes[place : place + size])
        if words[self._log] != sequence or (batch <= words[COMMIT_SEQ_WORD]) != committed:
            return None
        # Without the bytes it is the slot's version that has to hold still.
        if size == 0 and words[at] != before:
            return None
        return (before + 1 if committed else before - 1) >> 1, data

    def _find(self, index, target):
        """The entry of the log for this record and version word, by its offset."""
        words, geometry = self._words, self._geometry
        for number in range(min(words[self._log + 1], self._log_entries)):
            entry = geometry.log_offset + 64 + number * geometry.log_entry_bytes
            behind = entry // 8 + self._cell_words
            if words[behind] == index and words[behind + 1] == target:
                return entry
        return None

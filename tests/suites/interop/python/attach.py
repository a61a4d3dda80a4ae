"""attach.py ADDRESS INDEX: what Python sees of a table of MarketData, by sysv_ipc or posix_ipc, read-only; one line each."""

import mmap
import struct
import sys

import posix_ipc
import sysv_ipc


class SysvSegment:
    """The segment under a key; a mode without the right to write attaches it read-only."""

    def __init__(self, key):
        self.memory = sysv_ipc.SharedMemory(int(key, 0), 0, mode=0o400)
        self.size = self.memory.size

    def read(self, offset, length):
        return self.memory.read(length, offset)

    def write(self, offset, data):
        self.memory.write(data, offset)


class PosixSegment:
    """The segment with a name."""

    def __init__(self, name):
        shared = posix_ipc.SharedMemory(name, read_only=True)
        self.size = shared.size
        self.memory = mmap.mmap(shared.fd, shared.size, prot=mmap.PROT_READ)
        shared.close_fd()

    def read(self, offset, length):
        return self.memory[offset : offset + length]

    def write(self, offset, data):
        self.memory[offset : offset + len(data)] = data


kind, place = sys.argv[1].split(":")
index = int(sys.argv[2])
segment = {"sysv": SysvSegment, "posix": PosixSegment}[kind](place)

magic, version, header, _, _, said, record, _, capacity = struct.unpack("<8sIIQQQIIQ", segment.read(0, 56))
versions, versions_stride, cells, stride = struct.unpack("<4Q", segment.read(64, 32))
print(magic.decode(), version, header)
print(said == segment.size, record, capacity)
print(*struct.unpack("<Q", segment.read(versions + index * versions_stride, 8)))
symbol, price, volume = struct.unpack("<10s6xdq", segment.read(cells + index * stride, record))
print(symbol.rstrip(b"\0").decode(), price, volume)
try:
    segment.write(0, b"X")
    print("written")
except (OSError, TypeError):
    print("read-only")

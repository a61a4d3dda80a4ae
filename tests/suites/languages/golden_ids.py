"""The ids of MarketData from docs/FORMAT.md's rules alone: FNV-1a 64 over the fields, no other code involved."""
from struct import pack

def fnv(data, h=0xCBF29CE484222325):
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h

shape = lambda kind, dims, offset, size: pack(f"<BBII{len(dims)}I", kind, len(dims), offset, size, *dims) + bytes(8)
text = lambda s: pack("<H", len(s)) + s.encode()
fields = [("symbol", shape(1, [10], 0, 1)), ("price", shape(10, [], 16, 8)), ("volume", shape(8, [], 24, 8))]
tag, end = b"shmrec/1 LE\n", pack("<II", 32, 8)
print("%016x" % fnv(tag + b"".join(s for _, s in fields) + end))
print("%016x" % fnv(tag + b"".join(text(n) + s for n, s in fields) + text("MarketData") + end))

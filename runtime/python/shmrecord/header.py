"""The header of a segment, from a private copy of its bytes: every part is checked, and what follows from others is
computed and compared. Relies on geometry and error; knows no mapping."""

import collections
import struct

from . import geometry
from .error import Code
from .geometry import Shape

HEADER_BYTES = 256
MAGIC = int.from_bytes(b"SHMRECRD", "little")
ABI_VERSION = 1

# The words that change, by their number in the segment.
STATE_WORD = 256 // 8
EPOCH_WORD = 264 // 8
COMMIT_SEQ_WORD = 296 // 8
RETIRED = 2

# The order of docs/FORMAT.md; reserved bytes are left out.
_FIELDS = struct.Struct("<QIIQQQIIQIIQQQQQQIIQQQII16s16sQQQIII28xQ")

Header = collections.namedtuple(
    "Header", "shape geometry layout_id schema_id description_checksum boot_id guard_device"
)


def fnv1a(data):
    """FNV-1a 64: finds accidents, is no defence."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFF_FFFF_FFFF_FFFF
    return value


def decode(data, actual_bytes, task):
    """The header in this private copy of the first bytes of a segment of this size, if all of it can be believed."""
    (
        magic, version, header_bytes, layout_id, schema_id, segment_bytes, record_bytes, record_align, capacity, cells,
        arrangement, versions_offset, versions_stride, cells_offset, record_stride, cell_stride, log_offset,
        log_entries, log_entry_bytes, description_offset, description_bytes, description_checksum, guard_kind,
        wake_policy, _generation, boot_id, guard_device, _guard_inode, _created, stamps, semaphore_key,
        semaphore_index, checksum,
    ) = _FIELDS.unpack(data)  # fmt: skip
    if magic == 0:
        raise task.error(Code.NOT_READY, "its creator has not finished it")
    if magic == int.from_bytes(b"SHMRECRD", "big"):
        raise task.error(Code.WRONG_ENDIAN, "written by a machine of the other byte order")
    if magic != MAGIC:
        raise task.error(Code.BAD_MAGIC, f"not a segment of shmrecord: {actual_bytes} bytes")
    if version != ABI_VERSION or header_bytes != HEADER_BYTES:
        raise task.error(Code.ABI_MISMATCH, f"format version {version}, this library reads {ABI_VERSION}")
    if fnv1a(data[: HEADER_BYTES - 8]) != checksum:
        raise task.error(Code.HEADER_CORRUPT, "header corrupt")
    if segment_bytes != actual_bytes:
        raise task.error(Code.SIZE_MISMATCH, f"{actual_bytes} bytes long, {segment_bytes} expected")
    shape = Shape(
        record_bytes, record_align, capacity, cells, arrangement, log_entries, description_bytes, guard_kind,
        wake_policy,
    )  # fmt: skip
    claimed = geometry.Geometry(
        segment_bytes, versions_offset, versions_stride, cells_offset, record_stride, cell_stride, log_offset,
        description_offset, log_entry_bytes,
    )  # fmt: skip
    try:
        computed = geometry.geometry_of(shape)
        by_semaphore = guard_kind == 2
        if by_semaphore != (semaphore_key != 0) or semaphore_index > (0x7FFF if by_semaphore else 0):
            raise geometry.Impossible("semaphore")
        if stamps > 1:
            raise geometry.Impossible("stamps")
        # No offset of the segment is used: they are compared.
        for name, found, expected in zip(claimed._fields, claimed, computed):
            if found != expected:
                raise geometry.Impossible(name.replace("_", " "))
    except geometry.Impossible as wrong:
        raise task.error(Code.BAD_GEOMETRY, f"impossible {wrong} in the header") from None
    return Header(shape, computed, layout_id, schema_id, description_checksum, boot_id, guard_device)

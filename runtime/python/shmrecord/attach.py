"""Attaching: a segment that is mapped becomes a table that can be believed. Relies on segment, header and describe."""

import ctypes

from . import describe, header
from .difference import first_difference
from .error import Code
from .segment import Segment, ipc_namespace


def attach(place, record, terms, any_boot, task):
    """The segment at this address and its header, if they are of this record; on failure nothing stays mapped."""
    segment = Segment(place, terms, task)
    try:
        return segment, _validate(segment, place, record, any_boot, task)
    except BaseException:
        segment.close()
        raise


def _validate(segment, place, record, any_boot, task):
    # The magic is stored last: behind it, everything is there.
    if segment.words[0] == 0:
        raise task.error(Code.NOT_READY, "its creator has not finished it")
    found = header.decode(bytes(segment.bytes[: header.HEADER_BYTES]), len(segment.bytes), task)
    if not any_boot and _of_another_boot(found.boot_id):
        raise task.error(Code.STALE_BOOT, "made before the machine last booted")
    namespace = ipc_namespace() if place.kind == "sysv" else 0
    if namespace and found.guard_device and namespace != found.guard_device:
        raise task.error(Code.NAMESPACE_MISMATCH, "made in another IPC namespace")
    if segment.words[header.STATE_WORD] == header.RETIRED:
        raise task.error(Code.RETIRED, "removed meanwhile")
    _check_layout(segment, found, record, task)
    return found


def _of_another_boot(boot_id):
    """Whether the machine has booted since, as far as both boots are known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            now = bytes.fromhex(file.read().strip().replace("-", ""))
    except (OSError, ValueError):
        return False
    return any(boot_id) and boot_id != now


def _check_layout(segment, found, record, task):
    """The segment's record must be the class's, in layout and in meaning, or the error names the first difference."""
    shape = found.shape
    here = (record._layout_id_, record._schema_id_, ctypes.sizeof(record), record._align_)
    if here == (found.layout_id, found.schema_id, shape.record_bytes, shape.record_align):
        return
    start = found.geometry.description_offset
    data = bytes(segment.bytes[start : start + shape.description_bytes])
    try:
        if header.fnv1a(data) != found.description_checksum:
            raise describe.Malformed("its checksum does not match")
        difference = first_difference(describe.decode(data), describe.decode(record._description_))
    except describe.Malformed as wrong:
        raise task.error(Code.DESCRIPTION_CORRUPT, f"description corrupt: {wrong}") from None
    if difference is None:
        difference = f"schema {found.schema_id:016x} in the segment, {record._schema_id_:016x} here"
    raise task.error(Code.LAYOUT_MISMATCH, f"layout mismatch: {difference}")

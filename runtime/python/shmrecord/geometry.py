"""Where everything lies in a segment: arithmetic from a shape to offsets and strides. Knows no memory; docs/FORMAT.md has
the same tables in prose."""

import collections

LIVE_END = 640
_PARTICIPANTS_END = 1664
_WAITING_END = 8192
_MAX_SEGMENT_BYTES = 1 << 62

# What decides a geometry; as the header says it.
Shape = collections.namedtuple(
    "Shape",
    "record_bytes record_align capacity cells arrangement log_entries description_bytes guard_kind wake_policy",
)

# What follows from a shape, in the header's words, and where the segment ends.
Geometry = collections.namedtuple(
    "Geometry",
    "segment_size versions_offset versions_stride cells_offset record_stride cell_stride log_offset"
    " description_offset log_entry_bytes",
)


class Impossible(Exception):
    """A shape has no geometry; the text names the number that is to blame."""


def round_up(value, unit):
    """The next multiple of `unit`."""
    return -(-value // unit) * unit


def geometry_of(shape):
    """The geometry of this shape, or Impossible."""
    _check(shape)
    cell_bytes = round_up(shape.record_bytes, 8)
    unit = max(8, shape.record_align)
    line = max(64, shape.record_align)
    end = _WAITING_END if shape.wake_policy else _PARTICIPANTS_END if shape.guard_kind else LIVE_END
    log_offset = log_entry_bytes = 0
    if shape.cells == 1:
        log_offset, log_entry_bytes = end, round_up(cell_bytes + 16, 64)
        end += 64 + shape.log_entries * log_entry_bytes
    base = round_up(end + shape.description_bytes, line)
    apart = shape.cells > 1 and shape.arrangement == 0
    cell_stride = round_up(cell_bytes, line if apart else unit)
    cells_end = (shape.cells - 1) * cell_stride + cell_bytes
    if shape.arrangement == 2:
        versions, versions_stride = base, 8
        cells, record_stride = round_up(base + 8 * shape.capacity, line), shape.cells * cell_stride
    else:
        cells, versions = base, base + cells_end
        record_stride = versions_stride = round_up(cells_end + 8, line if shape.arrangement == 0 else unit)
    segment_size = round_up(cells + shape.capacity * record_stride, 64)
    if segment_size > _MAX_SEGMENT_BYTES:
        raise Impossible("capacity")
    return Geometry(
        segment_size, versions, versions_stride, cells, record_stride, cell_stride, log_offset, end, log_entry_bytes
    )


def _check(shape):
    align = shape.record_align
    for what, holds in (
        ("arrangement", shape.arrangement <= 2),
        ("guard kind", shape.guard_kind <= 2),
        ("wake policy", shape.wake_policy <= 1),
        ("record size", 1 <= shape.record_bytes <= 1 << 31),
        ("record alignment", 1 <= align <= 4096 and align & (align - 1) == 0),
        ("capacity", 1 <= shape.capacity <= 1 << 48),
        ("cells", shape.cells in (1, 2, 4, 8)),
        ("log entries", (shape.log_entries == 0) == (shape.cells > 1) and shape.log_entries <= 1 << 16),
        ("description bytes", shape.description_bytes <= 1 << 24 and shape.description_bytes % 8 == 0),
    ):
        if not holds:
            raise Impossible(what)

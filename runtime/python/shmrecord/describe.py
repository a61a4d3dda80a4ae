"""The description that a segment carries, from a private copy of its bytes: every count, offset and string in it is checked
before it is used. Relies on address for what a control character is; runtime/layout/src/describe has every offset."""

import collections
import math
import struct

from .address import has_control

_HEADER_BYTES, _RECORD_BYTES, _FIELD_BYTES, _ENUM_BYTES, _VALUE_BYTES = 64, 64, 112, 40, 24
_NONE = 0xFFFF_FFFF
_MAX_DEPTH = 32
_MAX_TEXT = 1 << 24
KINDS = ("", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool", "record")
_SIZES = (0, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1)
U8, F32, F64, BOOL, _RECORD = 1, 9, 10, 11, 12
CLOSED, _OPEN, FLAGS = 1, 2, 3
_TIMES = 5

Description = collections.namedtuple("Description", "records enums")
Record = collections.namedtuple("Record", "name size align fields depth")
# `record` and `named`, an enum or flags, are numbers in the description; None: none.
Field = collections.namedtuple("Field", "name unit kind text offset elem_size dims record named exp time null")
# `values` are pairs of number and name, in the order of the description.
Enum = collections.namedtuple("Enum", "name form kind values")


class Malformed(Exception):
    """A description does not hold; the text says where."""


def decode(data):
    """The records of a description, each behind those it contains, the last one the table's; and its enums."""
    reader = _Reader(data)
    if not reader.record_count:
        raise Malformed("no record")
    enums = [reader.enum(at) for at in range(reader.enum_count)]
    records = []
    for at in range(reader.record_count):
        records.append(reader.record(at, records, enums))
    return Description(records, enums)


def is_integer(kind):
    """Whether a kind counts."""
    return 1 <= kind <= 8


def number(bits, kind):
    """The number that 64 bits are: an integer with its sign, or a float."""
    if kind in (F32, F64):
        return struct.unpack("<d", struct.pack("<Q", bits))[0]
    return bits - (1 << 64) if 5 <= kind <= 8 and bits >> 63 else bits


def _fits(bits, kind):
    """Whether 64 bits are a number of this kind; any are a float's."""
    if kind in (F32, F64):
        return True
    if not is_integer(kind):
        return False
    value, width = number(bits, kind), 8 * _SIZES[kind]
    return -(1 << (width - 1)) <= value < 1 << (width - 1) if kind >= 5 else value < 1 << width


class _Reader:
    def __init__(self, data):
        if len(data) < _HEADER_BYTES:
            raise Malformed("shorter than its header")
        length, *counts = struct.unpack_from("<10I", data)
        if length != len(data):
            raise Malformed("its length is not the one in its header")
        self.record_count, fields, self.enum_count, values, self.string_bytes, *sizes = counts
        least = (_RECORD_BYTES, _FIELD_BYTES, _ENUM_BYTES, _VALUE_BYTES)
        if any(size < needed for size, needed in zip(sizes, least)):
            raise Malformed("entries are smaller than those of this version")
        self.data, self.field_count, self.value_count = data, fields, values
        self.record_bytes, self.field_bytes, self.enum_bytes, self.value_bytes = sizes
        at, starts = _HEADER_BYTES, []
        for count, size in zip((self.record_count, fields, self.enum_count, values, self.string_bytes), (*sizes, 1)):
            if count * size > length - at:
                raise Malformed("a table passes the end")
            starts.append(at)
            at += count * size
        self.records_at, self.fields_at, self.enums_at, self.values_at, self.strings_at = starts
        self.fields_left, self.values_left, self.text_left = fields, values, _MAX_TEXT

    def enum(self, index):
        entry = self.enums_at + index * self.enum_bytes
        form, kind, first, count = struct.unpack_from("<BB2xII", self.data, entry + 16)
        if not CLOSED <= form <= FLAGS:
            raise Malformed("an enum's form is unknown")
        if not is_integer(kind):
            raise Malformed("an enum's kind is no integer")
        self.values_left -= count
        if self.values_left < 0:
            raise Malformed("its enums share values")
        if first + count > self.value_count:
            raise Malformed("an enum's values pass the end of the value table")
        values = []
        for at in range(first, first + count):
            value = self.values_at + at * self.value_bytes
            (bits,) = struct.unpack_from("<Q", self.data, value + 16)
            if not (bits < 8 * _SIZES[kind] if form == FLAGS else _fits(bits, kind)):
                raise Malformed("an enum's value does not fit its kind")
            name, _ = self.string(value), self.string(value + 8)
            values.append((number(bits, kind), name))
        name, _ = self.string(entry), self.string(entry + 8)
        return Enum(name, form, kind, values)

    def record(self, index, before, enums):
        entry = self.records_at + index * self.record_bytes
        size, align, first, count = struct.unpack_from("<4I", self.data, entry + 16)
        if size == 0 or align == 0 or align & (align - 1) or size % align:
            raise Malformed("a record's size or alignment is impossible")
        self.fields_left -= count
        if self.fields_left < 0:
            raise Malformed("its records share fields")
        if first + count > self.field_count:
            raise Malformed("a record's fields pass the end of the field table")
        fields = [self.field(at, size, before, enums) for at in range(first, first + count)]
        end = 0
        for field in sorted(fields, key=lambda field: field.offset):
            if field.offset < end:
                raise Malformed("two fields overlap")
            end = field.offset + byte_count(field)
        name, _ = self.string(entry), self.string(entry + 8)
        depth = 1 + max((before[field.record].depth for field in fields if field.record is not None), default=0)
        if depth > _MAX_DEPTH:
            raise Malformed("records are nested more than 32 deep")
        return Record(name, size, align, fields, depth)

    def field(self, index, record_size, before, enums):
        entry = self.fields_at + index * self.field_bytes
        kind, rank, flags, offset, elem_size, of, *lengths = struct.unpack_from("<BBHIII4I", self.data, entry + 24)
        exp, time, null, least, most = struct.unpack_from("<bB14x3Q", self.data, entry + 72)
        if not 1 <= kind <= _RECORD:
            raise Malformed("a field's kind is unknown")
        if rank > len(lengths):
            raise Malformed("a field has more than four dimensions")
        record = named = None
        if kind != _RECORD:
            size = _SIZES[kind]
        else:  # only backwards, so that nothing contains itself
            record, size = of, before[of].size if of < len(before) else 0
        if size == 0 or size != elem_size:
            raise Malformed("a field's element size is not that of its type")
        dims = tuple(lengths[:rank])
        if not 0 < elem_size * math.prod(dims) <= record_size - offset:
            raise Malformed("a field passes the end of its record")
        if kind != _RECORD and of != _NONE:
            named = of
            if of >= len(enums) or enums[of].kind != kind:
                raise Malformed("a field's enum is not there, or of another kind")
        if time > _TIMES:
            raise Malformed("a field's time is unknown")
        numbers = [bits for flag, bits in ((2, null), (4, least), (8, most)) if flags & flag]
        if ((exp or time) and not is_integer(kind)) or not all(_fits(bits, kind) for bits in numbers):
            raise Malformed("what is said of a field's numbers does not fit its kind")
        text = flags & 1 == 1 and kind == U8 and rank == 1 and named is None
        null = null if flags & 2 else None
        name, _, unit = self.string(entry), self.string(entry + 8), self.string(entry + 16)
        return Field(name, unit, kind, text, offset, elem_size, dims, record, named, exp, time, null)

    def string(self, place):
        start, length = struct.unpack_from("<2I", self.data, place)
        if start + length > self.string_bytes:
            raise Malformed("a string passes the end of the pool")
        self.text_left -= length
        if self.text_left < 0:
            raise Malformed("its strings add up to more than 16 MiB")
        at = self.strings_at + start
        try:
            text = bytes(self.data[at : at + length]).decode()
        except UnicodeDecodeError:
            raise Malformed("a string is not UTF-8") from None
        # What a segment says of itself is printed: it must not steer a terminal.
        if has_control(text, "\n"):
            raise Malformed("a string holds control characters")
        return text


def byte_count(field):
    """The bytes of a whole field."""
    return field.elem_size * math.prod(field.dims)

"""The first difference between two descriptions, in the words of the other languages: `price: f64 at 16 in the segment, i64
at 16 here`. Relies on describe."""

import struct

from . import describe

_FORMS = {1: "closed enum", 2: "open enum", 3: "flags"}
_TIMES = ("", "unix_s", "unix_ms", "unix_us", "unix_ns", "monotonic_ns")


def first_difference(segment, here):
    """The first difference in words; None when the ids of both cover the same facts."""
    return _records_differ(segment, here, "", segment.records[-1], here.records[-1])


def _records_differ(segment, here, path, theirs, mine):
    for at in range(max(len(theirs.fields), len(mine.fields))):
        if at >= len(mine.fields):
            field = theirs.fields[at]
            return f"{path}{field.name}: {_place(segment, field)} in the segment, absent here"
        if at >= len(theirs.fields):
            field = mine.fields[at]
            return f"{path}{field.name}: absent in the segment, {_place(here, field)} here"
        difference = _fields_differ(segment, here, path, at, theirs.fields[at], mine.fields[at])
        if difference:
            return difference
    what = path[:-1] or "record"
    for part, found, expected in (
        ("size", theirs.size, mine.size),
        ("alignment", theirs.align, mine.align),
        ("name", f"`{theirs.name}`", f"`{mine.name}`"),
    ):
        if found != expected:
            return f"{what}: {part} {found} in the segment, {expected} here"
    return None


def _fields_differ(segment, here, path, at, theirs, mine):
    place, my_place = _place(segment, theirs), _place(here, mine)
    if theirs.name != mine.name:
        return f"{path}field {at}: `{theirs.name}` ({place}) in the segment, `{mine.name}` ({my_place}) here"
    name = f"{path}{theirs.name}"
    if any(getattr(theirs, part) != getattr(mine, part) for part in ("kind", "dims", "elem_size", "offset")):
        return f"{name}: {place} in the segment, {my_place} here"
    if theirs.record is not None:
        inner = segment.records[theirs.record], here.records[mine.record]
        difference = _records_differ(segment, here, f"{name}.", *inner)
        if difference:
            return difference
    their_enum, my_enum = _enum(segment, theirs), _enum(here, mine)
    if (their_enum and their_enum.name) != (my_enum and my_enum.name):
        return f"{name}: {place} in the segment, {my_place} here"
    if their_enum:
        if their_enum.form != my_enum.form:
            return f"{name}: {_FORMS[their_enum.form]} in the segment, {_FORMS[my_enum.form]} here"
        value = _first_value(their_enum, my_enum)
        if value:
            return f"{name}: {value}"
    for fact, words in (("unit", _unit), ("exp", _exp), ("time", _time), ("null", _null)):
        if getattr(theirs, fact) != getattr(mine, fact):
            return f"{name}: {words(theirs)} in the segment, {words(mine)} here"
    return None


def _enum(description, field):
    return None if field.named is None else description.enums[field.named]


def _first_value(theirs, mine):
    """The first value that one of two enums has and the other has not, or calls otherwise."""
    for at in range(max(len(theirs.values), len(mine.values))):
        found = theirs.values[at] if at < len(theirs.values) else None
        expected = mine.values[at] if at < len(mine.values) else None
        if found == expected:
            continue
        # Of two different numbers the smaller one is not there on the other side.
        if found and expected and found[0] != expected[0]:
            found, expected = (found, None) if found[0] < expected[0] else (None, expected)
        bit, none = ("bit ", "no flag") if theirs.form == describe.FLAGS else ("", "no value")
        names = [f"`{value[1]}`" if value else none for value in (found, expected)]
        return f"{bit}{(found or expected)[0]} is {names[0]} in the segment, {names[1]} here"
    return None


def _place(description, field):
    element = "char" if field.text else describe.KINDS[field.kind]
    if field.record is not None:
        element = description.records[field.record].name
    elif field.named is not None:
        element = description.enums[field.named].name
    ty = "[" * len(field.dims) + element + "".join(f"; {length}]" for length in reversed(field.dims))
    return f"{ty} at {field.offset}"


def _unit(field):
    return f"unit `{field.unit}`" if field.unit else "no unit"


def _exp(field):
    return f"exponent {field.exp}" if field.exp else "no exponent"


def _time(field):
    return f"time {_TIMES[field.time]}" if field.time else "no time"


def _null(field):
    """`null -1`, `null NaN`; of a float that is no whole number the bits, which every language writes alike."""
    if field.null is None:
        return "no null"
    value = describe.number(field.null, field.kind)
    if field.kind not in (describe.F32, describe.F64):
        return f"null {value}"
    if value != value:
        return "null NaN"
    if -(1 << 31) <= value < 1 << 31 and struct.pack("<d", int(value)) == struct.pack("<d", value):
        return f"null {int(value)}"
    return f"null {field.null:#018x}"

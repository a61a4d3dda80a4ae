"""Which bytes of a record are no value: a bool other than 0 and 1, a closed enum's number without a name. Relies on
describe."""

from . import describe


def restrictions(description):
    """Where the last record has bytes that are not all values: ranges of bytes, the size of an element, and what may stand
    there."""
    all_of = []
    for record in description.records:
        found = []
        for field in record.fields:
            start, end = field.offset, field.offset + describe.byte_count(field)
            allowed = _allowed(description, field)
            if allowed is not None:
                found.append((start, end, field.elem_size, allowed))
            elif field.record is not None:
                inner = all_of[field.record]
                for element in range(start, end, field.elem_size) if inner else ():
                    found.extend((element + first, element + last, size, values) for first, last, size, values in inner)
        all_of.append(found)
    return all_of[-1]


def _allowed(description, field):
    if field.kind == describe.BOOL:
        return frozenset((b"\0", b"\1"))
    if field.named is not None and description.enums[field.named].form == describe.CLOSED:
        size = field.elem_size
        mask = (1 << 8 * size) - 1
        return frozenset((value & mask).to_bytes(size, "little") for value, _ in description.enums[field.named].values)
    return None


def first_invalid(found, data):
    """The first byte that is no part of a value; None when there is none."""
    for first, last, size, allowed in found:
        for at in range(first, last, size):
            if data[at : at + size] not in allowed:
                return at
    return None


def path_to(description, at, record=-1):
    """Where a byte of a record is, in words: `lamps[2][1].on`."""
    for field in description.records[record].fields:
        if field.offset <= at < field.offset + describe.byte_count(field):
            element, rest = divmod(at - field.offset, field.elem_size)
            path = ""
            for length in reversed(field.dims):
                element, number = divmod(element, length)
                path = f"[{number}]{path}"
            inner = "" if field.record is None else "." + path_to(description, rest, field.record)
            return f"{field.name}{path}{inner}"
    return ""

"""What a field of a record means: text, enums, flags, decimals, no value. Relies on what a generated class says of its fields."""

import ctypes
import decimal


def value(record, name):
    """The field of this name as what it means: None where it has the number for that; text as str, up to its padding; an
    enum's or flags' number as a member of its class, unknown ones too; a number with a decimal exponent as an exact Decimal.
    Of an array a list. Everything else is as in `record`, moments as the integers that they are."""
    return _meant(getattr(record, name), record._facts_.get(name, {}))


def _meant(found, facts):
    if isinstance(found, ctypes.Array):
        return [_meant(element, facts) for element in found]
    if isinstance(found, bytes):
        return found.decode("utf-8", "backslashreplace")
    null = facts.get("null")
    if null is not None and (found == null or (null != null and found != found)):
        return None
    if "enum" in facts:
        return facts["enum"](found)
    if "exp" in facts:
        # Not by arithmetic, which rounds to the precision of the context.
        sign, digits, _ = decimal.Decimal(found).as_tuple()
        return decimal.Decimal((sign, digits, facts["exp"]))
    return found

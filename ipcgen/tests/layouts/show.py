"""show.py MODULE..: what ctypes makes of each record of these modules, and whether numpy, if it is there, agrees. Prints
for each record its name, size, alignment and ids, and for each field its name, offset and size."""

import ctypes
import importlib
import sys

try:
    import numpy
except ImportError:
    numpy = None


def main():
    for name in sys.argv[1:]:
        module = importlib.import_module(name)
        records = [value for value in vars(module).values() if hasattr(value, "_dtype_")]
        for record in records:
            show(name, record)


def show(module, record):
    ids = f"{record._layout_id_:016x} {record._schema_id_:016x}"
    print(f"{module}.{record._name_} {ctypes.sizeof(record)} {record._align_} {ids}")
    fields = [(name, ctype) for name, ctype in record._fields_ if not name.startswith("_")]
    for name, _ in fields:
        place = getattr(record, name)
        print(f"  {name.replace('_', '').lower()} {place.offset} {place.size}")
    if numpy is not None:
        dtype = numpy.dtype(record._dtype_)
        assert dtype.itemsize == ctypes.sizeof(record), record
        assert list(dtype.names) == [name for name, _ in fields], record
        for name, ctype in fields:
            part, offset = dtype.fields[name]
            assert (offset, part.itemsize) == (getattr(record, name).offset, getattr(record, name).size), name
            assert same(part, ctype), (record, name)


def same(dtype, ctype):
    """Whether these are one type: elements and lengths."""
    lengths = []
    while issubclass(ctype, ctypes.Array) and ctype._type_ is not ctypes.c_char:
        lengths.append(ctype._length_)
        ctype = ctype._type_
    if dtype.shape != tuple(lengths):
        return False
    if issubclass(ctype, ctypes.Structure):
        return dtype.base == numpy.dtype(ctype._dtype_)
    if issubclass(ctype, ctypes.Array):
        return dtype.base == numpy.dtype(f"S{ctype._length_}")
    return dtype.base == numpy.dtype(ctype)


main()

"""Reads tables of fixed-layout records in shared memory that programs in Rust, C or C++ write.

Needs a class that ipcgen generates for the record, and nothing beside the standard library; numpy only for what has it
in its name. Tables are never stored to.
"""

from .error import Code, Error
from .meaning import value
from .table import Reader

__all__ = ["Code", "Error", "Reader", "value"]

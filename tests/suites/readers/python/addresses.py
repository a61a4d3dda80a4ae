"""addresses.py: the codes of the errors that addresses have which cannot be passed to a program."""

import fixture
import shmrecord

for address in (
    "posix:/\ud800",
    "file:a\ud800",
    "file:\udfff/a",
    "memfd:a\ud800",
    "posix:/\0",
    "sysv:\ud800",
    "sysv:ftok(/\ud800,7)",
    "sysv:ftok(/\0,7)",
    "\ud800:a",
    "\ud800",
):
    try:
        shmrecord.Reader(address, fixture.Quote)
    except shmrecord.Error as error:
        print(int(error.code))

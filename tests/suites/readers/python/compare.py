"""compare.py: for each line of two descriptions in hexadecimal the first difference, or what is wrong with the first."""

import sys

from shmrecord.describe import Malformed, decode
from shmrecord.difference import first_difference

for line in sys.stdin:
    segment, here = map(bytes.fromhex, line.rstrip("\n").split(" "))
    try:
        print(first_difference(decode(segment), decode(here)) or "no difference")
    except Malformed as wrong:
        print(f"malformed: {wrong}")

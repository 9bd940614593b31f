"""Buckets of trains: what shares a key in the operators ``follow`` and ``score``.

A train alone is too little for a key. Each key has its own timers and elements, and each of them is a call between Java
and Python, which costs more than what is computed in it. A bucket takes its turn once for all of its trains.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

_NAMES: Final = "jgmcnhyiakzNfler"
"""A bucket is named by one character. Flink sends a key to the subtask that its hash says: of buckets "0" to "15" one
of two subtasks would get ten, one of four a single one. These are spread evenly over up to 16 subtasks, with Flink's
usual 128 key groups."""
BUCKETS: Final = len(_NAMES)
"""As many subtasks of ``follow`` and ``score`` can work in parallel. State lies under a train's bucket: to change a
name is to begin with empty state."""


def bucket_of(train: str) -> str:
    """Return the name of the bucket of a train (category and number)."""
    return _NAMES[crc32(train.encode()) % BUCKETS]

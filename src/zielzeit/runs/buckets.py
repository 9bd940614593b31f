"""Buckets of trains: what shares a key in the operators ``follow`` and ``score``.

A train alone is too little for a key. Each key has its own timers and elements, and each of them is a call between Java
and Python, which costs more than what is computed in it. A bucket takes its turn once for all of its trains.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

BUCKETS: Final = 16
"""As many subtasks of ``follow`` and ``score`` can work in parallel. State lies under a train's bucket: to change the
number is to begin with empty state."""


def bucket_of(train: str) -> str:
    """Return the name of the bucket of a train (category and number)."""
    return str(crc32(train.encode()) % BUCKETS)

"""The interpreter that the operators of a TaskManager share in thread mode."""

from __future__ import annotations

import sys
from typing import Final

_SECONDS: Final = 0.0005


def take_turns() -> None:
    """Let an operator that returns from a call of Java wait for the others for a moment; to be called by each ``open``.

    Python's default is 5 ms. An operator calls Java some ten times for an element, and whoever holds the interpreter
    meanwhile keeps it for that long: the stage that is not parallel waited for the others most of the time.
    """
    sys.setswitchinterval(_SECONDS)

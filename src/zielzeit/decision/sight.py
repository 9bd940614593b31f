"""What the last board of a station showed, kept in memory so that the next one costs only what changed.

A sight is never stored: without one, or with a new one, each board is decided in full, with the same result.
"""

from __future__ import annotations


class Sight:
    """Accelerator of one station in memory: hold it beside the live ``StationState`` and hand both to ``Decider.take``.

    Nothing is ever pending in a sight: after each call the state is exact and may be stored, and ``pass_time`` and
    ``take_late`` need no sight. A state that another object replaces (decoded anew, or forgotten) is noticed.
    """

    __slots__ = ()

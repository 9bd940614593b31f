"""A change of what is known of a train: what the rules return, before it becomes a decision or a planned stop."""

from __future__ import annotations

from typing import Final

import msgspec

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.state import Entry

GONE: Final = ("departed", "terminated")
"""Kinds of trains that were here and have left; trains of the other kinds are opened again if they come back."""
PLANNED: Final = "planned"
"""Kind of a transition that is no decision: the first sight of a train, or of its run ending here."""


class Transition(msgspec.Struct, frozen=True):
    """A change of what is known of a train; ``zielzeit.decision.event`` makes a decision or a planned stop of it."""

    kind: str
    """``PLANNED`` or one of ``zielzeit.events.structs.Kind``."""
    key: str
    """Identity of the train at the station."""
    entry: Entry
    """The train's entry at that moment."""
    at: Milliseconds
    """Event time of the board or the deadline that caused it."""
    rule: str | None = None
    """Rule that decided, or None."""


snapshot = msgspec.structs.replace
"""Returns a copy of an entry, which later boards do not change."""


def decide(key: str, entry: Entry, kind: str, at: Milliseconds, rule: str) -> Transition:
    """Note in a train's entry that it is decided, and return the decision."""
    entry.kind = kind
    entry.decided_delay, entry.decided_cancelled = entry.delay, entry.cancelled
    transition = Transition(kind, key, snapshot(entry), at, rule)
    entry.revision += 1
    return transition

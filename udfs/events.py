"""The events that travel between operators and out to Kafka: frozen, typed, JSON on the wire.

Times are timezone-aware (written with their offset, Europe/Berlin for timetable times, UTC for ``…_at`` fields of
the pipeline). Delays and horizons are minutes. ``schemas/`` holds the JSON Schema of each struct, made from here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Kind = Literal["planned", "departed", "terminated", "cancelled", "withdrawn", "undecided", "corrected", "late"]
"""What became of a train at a station. ``planned`` is its first sight and stays inside the job; ``corrected`` and
``late`` follow an earlier decision with the same id."""

Rule = Literal["settled", "silence"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One decided fact about a train at a station: topics ``departures``, ``undecided`` and ``late``."""

    id: str
    """Deterministic: station, train, number and planned local date-time. The prediction bears the same id."""
    kind: Kind
    station: str
    train: str
    """As on the board, e.g. ``RE 7``."""
    category: str
    number: str
    line: str
    """Normalised line (``RE 7`` and ``RE RE7`` are both ``7``); empty where the train has none."""
    destination: str
    scheduled: datetime
    """Planned departure, or planned arrival where the run ends here."""
    delay: int | None
    """Minutes at the deciding report; None where it means nothing (undecided, withdrawn)."""
    cancelled: bool
    """Whether the deciding report says that the train does not run here."""
    realtime: bool
    """Whether that report rests on real-time data; without, delay 0 means unknown."""
    last_seen: datetime
    """``polled_at`` of the deciding report."""
    first_missing: datetime | None
    """``polled_at`` of the first board without the train, where it vanished."""
    decided_at: datetime
    """Event time at which the decision is known: the deciding board or deadline, plus grace."""
    rule: Rule | None
    platform: str | None
    starts_here: bool
    ends_here: bool
    """By the timetable, or because every later stop is cancelled."""
    route_ahead: tuple[str, ...]
    """Stops still to come, in order, cancelled ones left out; the last one is the destination."""
    route_behind: tuple[str, ...] = ()
    """Stops already made, in order."""
    revision: int = 0
    """0 for the decision, 1, 2, … for its corrections."""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """The delay expected at the destination, said at the moment of departure: topic ``predictions``."""

    id: str
    station: str
    train: str
    category: str
    number: str
    line: str
    destination: str
    scheduled: datetime
    departed_at: datetime
    """Planned departure plus delay."""
    decided_at: datetime
    delay: int
    """Minutes at departure: what persistence predicts."""
    horizon: float | None
    """Planned minutes from this departure to the arrival at the destination; None where no board revealed it."""
    predicted_delay: float
    p10: float | None
    p90: float | None
    cancel_probability: float | None
    model_name: str
    model_version: str
    model_run_id: str

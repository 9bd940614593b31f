"""The one feature function: a departure, seen against what the network knew a minute before.

Four groups of features, a file each: ``own_run``, ``historical``, ``downstream``, ``recent``. A feature is a field of
its group; meaning, unit and range stand there, and ``zielzeit.features.feature_docs`` writes them to docs/data.md.
Minutes unless a field says otherwise; NaN is "unknown".
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from zielzeit.compiled import compiled
from zielzeit.features.downstream import Downstream, downstream
from zielzeit.features.historical import Historical, historical
from zielzeit.features.network_tables import DepartureKeys, FloatArray, KeyArray, Tables
from zielzeit.features.own_run import OwnRun, own_run
from zielzeit.features.recent import Recent, recent

GROUPS: Final = (OwnRun, Historical, Downstream, Recent)
"""The groups in the order in which ``describe`` writes them."""
FEATURES: Final[tuple[str, ...]] = tuple(name for group in GROUPS for name in group._fields)
"""Names of the features, in order."""


class KnownDeparture(NamedTuple):
    """A departure as ``describe`` takes it from the stream and from the archive: names turned into keys."""

    keys: DepartureKeys
    minute: float
    """Minute since 1970 UTC in which the departure is decided: only what was known before it counts."""
    day: int
    """Service day of that minute, days since 1970-01-01."""
    wall: int
    """Planned departure on Berlin's clocks, minutes since 1970-01-01."""
    category_code: float
    """See ``zielzeit.train_classes.category_code``."""
    holiday: float
    """Share of the federal states with a public holiday on the day of the planned departure."""
    delay: float
    """Delay at this departure, minutes."""
    horizon: float
    """Planned minutes to the arrival at the destination; NaN where unknown."""
    hops: KeyArray
    """Keys of the hops to the destination, in order. Never empty."""
    stations: KeyArray
    """Keys of the stations at the end of each hop; the last one is the destination."""
    earlier_delays: FloatArray
    """Delays at the run's departures that were known before this one, oldest first, minutes."""


@compiled
def describe(tables: Tables, departure: KnownDeparture, out: FloatArray) -> None:
    """Write the features of one departure to ``out``, in the order of ``FEATURES``.

    An unknown horizon is replaced by the shortest planned times seen on the hops.
    """
    keys, minute, day, delay = departure.keys, departure.minute, departure.day, departure.delay
    hops, stations = departure.hops, departure.stations
    ahead = downstream(tables, minute, day, hops, stations)
    horizon = ahead.ahead_fastest if math.isnan(departure.horizon) else departure.horizon
    own = own_run(
        keys.train_class,
        departure.wall,
        departure.category_code,
        departure.holiday,
        delay,
        horizon,
        len(hops),
        departure.earlier_delays,
    )
    usual = historical(tables, keys, day, delay, horizon)
    last = recent(
        tables,
        keys,
        minute,
        day,
        delay,
        hops[0],
        stations[-1],
        usual.relation_growth,
        usual.service_growth,
        departure.horizon - ahead.ahead_fastest,
    )
    at = 0
    for value in own:
        out[at] = value
        at += 1
    for value in usual:
        out[at] = value
        at += 1
    for value in ahead:
        out[at] = value
        at += 1
    for value in last:
        out[at] = value
        at += 1

"""The contract between a stream (or an archive) and the feature function: names in, features out.

``NetworkState`` turns the names of stations, lines and trains into keys of ``zielzeit.features.network_tables``'s
tables and calls the one
definition in ``zielzeit.features.definition``. It is a plain value of bounded size: ``to_bytes`` and ``from_bytes``
keep it in a
file or in Flink's state, ``forget`` drops what has not been seen for months. All of Germany's long-distance, RE and RB
trains of four months take about 100 MB in memory; a departure is described in some microseconds compiled, in about a
millisecond interpreted.

The order to call it in: describe every departure of a minute, then observe that minute's events.
"""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise

import msgspec
import numpy as np

from zielzeit import berlin_time, service_days, train_classes
from zielzeit.berlin_time import MINUTE
from zielzeit.features import network_tables
from zielzeit.features.definition import FEATURES, describe
from zielzeit.features.network_tables import Place
from zielzeit.features.table_store import Store

__all__ = ["FEATURES", "Arrival", "FeatureInput", "NetworkState", "feature_row"]

DECIMALS = 2
"""Features are rounded: a hundredth of a minute is noise, and noise could tell one run from another."""


class FeatureInput(msgspec.Struct, frozen=True, kw_only=True):
    """One departure as its run's follower knows it at the decision. Minutes; times aware."""

    category: str
    number: str
    line: str
    """Without its category, ``""`` where there is none."""
    station: str
    destination: str
    scheduled: datetime
    decided_at: datetime
    delay: int
    horizon: float = math.nan
    """Planned minutes to the arrival at the destination; NaN where unknown."""
    route_ahead: tuple[str, ...]
    """Stops still to come, in order; the last one is the destination. Never empty."""
    earlier_delays: tuple[int, ...] = ()
    """Of the run's departures before this one that were decided before it, oldest first."""
    previous_station: str = ""
    """The stop before this one, if the last of those is its; ``""`` where that is not known."""
    previous_minutes: float = math.nan
    """Planned minutes from there to here."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run: its departures become truth. The label is known from ``decided_at`` on."""

    departures: tuple[FeatureInput, ...]
    """All that were described, oldest first. Never empty."""
    delay: int | None
    """Minutes at the destination; None where the destination was cancelled."""
    decided_at: datetime
    last_hop_minutes: float = math.nan
    """Planned minutes from the last departure to the destination."""


def feature_row(departure: FeatureInput, state: NetworkState) -> tuple[float, ...]:
    """The features of a departure in the order of ``FEATURES``. Reads the state, never changes it."""
    return state.describe(departure)


class NetworkState:
    """Everything that the feature function knows beyond the run itself."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or Store()

    def describe(self, departure: FeatureInput) -> tuple[float, ...]:
        """See ``feature_row``. Raises ValueError where ``route_ahead`` is empty."""
        if not departure.route_ahead:
            raise ValueError(f"departure at {departure.station!r} without a route ahead")
        minute, day = moment(departure.decided_at)
        wall = berlin_time.wall_minutes(departure.scheduled)
        stops = (departure.station, *departure.route_ahead)
        features = np.empty(len(FEATURES))
        describe(
            self.store.tables,
            self._place(departure, create=False),
            minute,
            day,
            wall,
            train_classes.category_code(departure.category),
            service_days.holiday_share(wall // berlin_time.DAY),
            float(departure.delay),
            departure.horizon,
            np.array([self.store.key("hop", hop) for hop in pairwise(stops)], dtype=np.int32),
            np.array([self.store.key("station", stop) for stop in departure.route_ahead], dtype=np.int32),
            np.array(departure.earlier_delays, dtype=np.float64),
            features,
        )
        return tuple(np.round(features, DECIMALS).tolist())

    def observe_departure(self, departure: FeatureInput) -> None:
        """A train left a station."""
        minute, day = moment(departure.decided_at)
        place = self._place(departure, create=True)
        delay, growth = float(departure.delay), 0.0
        if departure.earlier_delays and departure.previous_station:
            before = float(departure.earlier_delays[-1])
            growth = delay - before
            hop = self.store.key("hop", (departure.previous_station, departure.station), create=True)
            network_tables.note_hop(self.store.tables, hop, minute, day, before, delay, departure.previous_minutes)
        network_tables.note_passing(self.store.tables, place.klass, place.station, minute, day, delay, growth)

    def observe_cancelled_stop(self, station: str, decided_at: datetime) -> None:
        """A train did not call at a station where it should have."""
        minute, _ = moment(decided_at)
        network_tables.note_cancelled_stop(self.store.tables, self.store.key("station", station, create=True), minute)

    def observe_arrival(self, arrival: Arrival) -> None:
        """A run ended, or was found not to reach its destination."""
        minute, day = moment(arrival.decided_at)
        last = arrival.departures[-1]
        places = [self._place(departure, create=True) for departure in arrival.departures]
        klass = places[-1].klass
        tables = self.store.tables
        network_tables.note_run(tables, klass, minute, arrival.delay is None)
        final = math.nan if arrival.delay is None else float(arrival.delay)
        if arrival.delay is not None:
            destination, growth = self.store.key("station", last.destination, create=True), 0.0
            if len(last.route_ahead) == 1:  # else nobody saw it leave the stop before its last
                delay = float(last.delay)
                growth = final - delay
                hop = self.store.key("hop", (last.station, last.destination), create=True)
                network_tables.note_hop(self.store.tables, hop, minute, day, delay, final, arrival.last_hop_minutes)
            tables = self.store.tables
            network_tables.note_passing(tables, klass, destination, minute, day, final, growth)
        for place, departure in zip(places, arrival.departures, strict=True):
            network_tables.note_outcome(tables, place, minute, day, float(departure.delay), final, departure.horizon)

    def newest(self) -> float:
        """Minute since 1970 UTC of the last train that was observed; 0 where there was none."""
        return float(self.store.tables.class_hour[:, 0].max())

    def forget(self, before: datetime) -> int:
        """Drop the keys not observed since; returns how many."""
        return self.store.forget(*moment(before))

    def to_bytes(self) -> bytes:
        """The whole state, compressed."""
        return self.store.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> NetworkState:
        """What ``to_bytes`` wrote. Raises ValueError for anything else."""
        return cls(Store.from_bytes(data))

    def _place(self, departure: FeatureInput, *, create: bool) -> Place:
        key = self.store.key
        station, destination = departure.station, departure.destination
        klass = train_classes.train_class(departure.category)
        line = departure.line or departure.category
        return Place(
            klass,
            key("station", station, create=create),
            key("train", (departure.category, departure.number, station, destination), create=create),
            key("service", (klass, line, station, destination), create=create),
            key("relation", (klass, station, destination), create=create),
        )


def moment(at: datetime) -> tuple[float, int]:
    """An aware time as whole minutes since 1970 UTC, and its service day."""
    return float(berlin_time.milliseconds(at) // MINUTE), service_days.service_day(berlin_time.wall_minutes(at))

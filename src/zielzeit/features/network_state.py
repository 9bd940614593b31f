"""The contract between the stream and the feature function: names in, features out.

``NetworkState`` turns the names of stations, lines and trains into the keys of
``zielzeit.features.network_tables`` and calls the compiled functions that the archive calls too: ``describe`` in
``zielzeit.features.definition`` and those of ``zielzeit.features.updates``. It is a plain value of bounded size:
``to_bytes`` and ``from_bytes`` keep it in a file or in Flink's state, ``forget`` takes out what no longer counts. A
departure is described in some twenty microseconds compiled, in about a millisecond interpreted.

The order to call it in: describe every departure of a minute, then observe that minute's events.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import pairwise

import msgspec
import numpy as np

from zielzeit import berlin_time, service_days, train_classes
from zielzeit.berlin_time import MINUTE
from zielzeit.features import key_names, updates
from zielzeit.features.definition import FEATURES, KnownDeparture, describe
from zielzeit.features.key_names import Name, StationKey
from zielzeit.features.named_tables import NamedTables
from zielzeit.features.network_tables import DepartureKeys
from zielzeit.features.updates import NO_RIDE, EndedDepartures, Ride

__all__ = ["FEATURES", "Arrival", "FeatureInput", "NetworkState", "feature_row"]

DECIMALS = 2
"""Features are rounded: a hundredth of a minute is noise, and noise could tell one run from another."""


class FeatureInput(msgspec.Struct, frozen=True, kw_only=True):
    """One departure as the tracker of its run knows it at the decision. Times are aware."""

    category: str
    """Train category, e.g. ``RE``."""
    number: str
    """Train number."""
    line: str
    """Line without its category, ``""`` where there is none."""
    station: str
    """Station that the train left."""
    destination: str
    """Last stop of the run."""
    scheduled: datetime
    """Planned departure."""
    decided_at: datetime
    """Event time at which the departure was decided."""
    delay: int
    """Delay at the departure, minutes."""
    horizon: float = math.nan
    """Planned minutes to the arrival at the destination; NaN where unknown."""
    route_ahead: tuple[str, ...]
    """Stops still to come, in order; the last one is the destination. Never empty."""
    earlier_delays: tuple[int, ...] = ()
    """Delays, minutes, of the run's earlier departures that were decided before this one, oldest first."""
    previous_station: str = ""
    """Station of the last earlier departure if that is the stop before this one, else ``""``."""
    previous_minutes: float = math.nan
    """Planned minutes from the departure at the previous station to this departure; NaN where that is not known."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run: what its departures led to."""

    departures: tuple[FeatureInput, ...]
    """The run's departures that were described, oldest first. Never empty."""
    delay: int | None
    """Delay at the destination, minutes; None where the destination was cancelled."""
    decided_at: datetime
    """Event time from which the label is known."""
    last_hop_minutes: float = math.nan
    """Planned minutes from the last departure to the destination."""


def feature_row(departure: FeatureInput, state: NetworkState) -> tuple[float, ...]:
    """Return the features of a departure in the order of ``FEATURES``. Reads the state, never changes it."""
    return state.describe(departure)


class NetworkState:
    """Everything that the feature function knows beyond the run itself.

    Parameters: ``named`` is what is known at first, by names of keys of stations; ``station_key`` gives the key of each
    station (default: the packaged register's), so that the spelling of its name does not matter.
    """

    def __init__(self, named: NamedTables | None = None, station_key: StationKey | None = None) -> None:
        self._named = named or NamedTables()
        self._station_key = station_key or key_names.packaged_keys()

    def describe(self, departure: FeatureInput) -> tuple[float, ...]:
        """Return what ``feature_row`` returns. Raises ValueError where ``route_ahead`` is empty."""
        return self.describe_later(departure, (0,))[0]

    def describe_later(self, departure: FeatureInput, added: Iterable[int]) -> list[tuple[float, ...]]:
        """Return the features of a departure if it were so many minutes later, for each value of ``added``.

        Raises ValueError where ``route_ahead`` is empty.
        """
        if not departure.route_ahead:
            raise ValueError(f"departure at {departure.station!r} without a route ahead")
        minute, day = moment(departure.decided_at)
        wall = berlin_time.wall_minutes(departure.scheduled)
        station, *stations = map(self._station_key, (departure.station, *departure.route_ahead))
        known = KnownDeparture(
            keys=self._keys(departure, station, create=False),
            minute=minute,
            day=day,
            wall=wall,
            category_code=train_classes.category_code(departure.category),
            holiday=service_days.holiday_share(wall // berlin_time.DAY),
            delay=float(departure.delay),
            horizon=departure.horizon,
            hops=self._named.known_keys("hop", pairwise((station, *stations))),
            stations=self._named.known_keys("station", stations),
            earlier_delays=np.array(departure.earlier_delays, dtype=np.float64),
        )
        rows = []
        for minutes in added:
            features = np.empty(len(FEATURES))
            describe(self._named.tables, known._replace(delay=float(departure.delay + minutes)), features)
            rows.append(tuple(np.round(features, DECIMALS).tolist()))
        return rows

    def observe_departure(self, departure: FeatureInput) -> None:
        """Update the tables after a train left a station."""
        minute, day = moment(departure.decided_at)
        keys = self._keys(departure, self._station_key(departure.station), create=True)
        ride = NO_RIDE
        if departure.earlier_delays and departure.previous_station:
            hop = self._hop(departure.previous_station, departure.station)
            ride = Ride(hop, float(departure.earlier_delays[-1]), departure.previous_minutes)
        updates.observe_passing(
            self._named.tables, keys.train_class, keys.station, minute, day, float(departure.delay), ride
        )

    def observe_cancelled_stop(self, station: str, decided_at: datetime) -> None:
        """Update the tables after a train did not call at a station where it should have."""
        minute, _ = moment(decided_at)
        key = self._named.key("station", self._station_key(station), create=True)
        updates.observe_cancelled_stop(self._named.tables, key, minute)

    def observe_arrival(self, arrival: Arrival) -> None:
        """Update the tables after a run ended, or was found not to reach its destination."""
        minute, day = moment(arrival.decided_at)
        last = arrival.departures[-1]
        keys = [
            self._keys(departure, self._station_key(departure.station), create=True) for departure in arrival.departures
        ]
        destination, ride = 0, NO_RIDE
        if arrival.delay is not None:
            destination = self._named.key("station", self._station_key(last.destination), create=True)
            if len(last.route_ahead) == 1:  # else nobody saw it leave the stop before its last
                hop = self._hop(last.station, last.destination)
                ride = Ride(hop, float(last.delay), arrival.last_hop_minutes)
        updates.observe_arrival(
            self._named.tables,
            keys[-1].train_class,
            destination,
            minute,
            day,
            math.nan if arrival.delay is None else float(arrival.delay),
            ride,
            EndedDepartures(
                trains=np.array([one.train for one in keys], dtype=np.int32),
                services=np.array([one.service for one in keys], dtype=np.int32),
                relations=np.array([one.relation for one in keys], dtype=np.int32),
                delays=np.array([departure.delay for departure in arrival.departures], dtype=np.float64),
                horizons=np.array([departure.horizon for departure in arrival.departures], dtype=np.float64),
            ),
        )

    def newest(self) -> float:
        """Return the minute since 1970 UTC of the last train that was observed; 0 where there was none."""
        return self._named.newest()

    def forget(self, now: datetime) -> int:
        """Take out the names of which nothing counts any more, which changes no feature; return how many."""
        return self._named.forget(*moment(now))

    def to_bytes(self) -> bytes:
        """Return the whole state, compressed."""
        return self._named.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, station_key: StationKey | None = None) -> NetworkState:
        """Return the state that ``to_bytes`` wrote. Raises ValueError for anything else.

        Stations are resolved anew: those of a state written before November 2026 are spellings, and a register may know
        a station that an older one did not. What was kept under several spellings of one station is put together.
        """
        key = station_key or key_names.packaged_keys()
        named = NamedTables.from_bytes(data)
        named.rename(lambda name: key_names.resolved(name, key))
        return cls(named, key)

    def names(self, space: str) -> Collection[Name]:
        """Return what has been observed of a space of ``named_tables.SPACES``, as ``key_names`` forms names."""
        return self._named.keys[space].keys()

    def _hop(self, station: str, next_station: str) -> int:
        name = key_names.hop(self._station_key(station), self._station_key(next_station))
        return self._named.key("hop", name, create=True)

    def _keys(self, departure: FeatureInput, station: str, *, create: bool) -> DepartureKeys:
        key = self._named.key
        destination = self._station_key(departure.destination)
        train_class = train_classes.train_class(departure.category)
        line = departure.line or departure.category
        train = key_names.train(departure.category, departure.number, station, destination)
        return DepartureKeys(
            train_class=train_class,
            station=key("station", station, create=create),
            train=key("train", train, create=create) if departure.number else 0,
            service=key("service", key_names.service(train_class, line, station, destination), create=create),
            relation=key("relation", key_names.relation(train_class, station, destination), create=create),
        )


def moment(at: datetime) -> tuple[float, int]:
    """Return an aware time as whole minutes since 1970 UTC, and its service day as days since 1970-01-01."""
    return float(berlin_time.milliseconds(at) // MINUTE), service_days.service_day_at(at)

"""What became of a run's departures: their endings, and when each falls due. Pure.

Absence proves nothing: an ending says what a board said of the destination, or that none said it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds, UtcMinutes
from zielzeit.events.structs import Status, Unlabelled
from zielzeit.features.network_state import FeatureInput
from zielzeit.runs import journeys
from zielzeit.runs.group_keys import GroupKey
from zielzeit.runs.messages import Departure, Ending
from zielzeit.runs.same_run import LONGEST_RIDE
from zielzeit.runs.train_state import Run, TrainState

GIVE_UP: Final = 6 * 60 * MINUTE
"""Milliseconds after its expected arrival at which a run that nobody saw arrive is given up."""


class _Found(NamedTuple):
    """What boards say became of a train at a destination."""

    destination: str
    status: Status
    delay: int | None = None
    reason: Unlabelled | None = None


def end(train: TrainState, run: Run, now: Milliseconds, key: GroupKey) -> Iterator[Ending]:
    """Yield the endings of the departures whose end is known or given up; the others stay."""
    open_ones: dict[str, list[Departure]] = {}
    ended: dict[_Found, list[Departure]] = {}
    for departure in run.departures:
        found = _found(run, departure, key)
        if found is None:
            open_ones.setdefault(key(departure.seen.destination), []).append(departure)
        else:
            ended.setdefault(found, []).append(departure)
    run.departures = []
    for destination, departures in open_ones.items():
        if give_up_at(train, run, departures, key) > now:
            run.departures.extend(departures)
        else:
            ended[_Found(destination, "unlabelled", reason=_why_unlabelled(run))] = departures
    for found, departures in ended.items():
        yield _ending(train, run, found, departures, now, key)


def give_up_at(train: TrainState, run: Run, departures: Sequence[Departure], key: GroupKey) -> Milliseconds:
    """Return when departures are given up that nobody saw arrive."""
    arrivals: dict[str, UtcMinutes | None] = {}
    expected = []
    for departure in departures:
        destination = key(departure.seen.destination)
        if destination not in arrivals:  # nearly all departures of a run share one
            arrivals[destination] = run.arrival(destination)
        expected.append(_expected_arrival(train, departure.seen, arrivals[destination], key))
    return Milliseconds(max(expected) * MINUTE + GIVE_UP)


def journey(train: TrainState, run: Run, name: str, destination: str, planned: UtcMinutes) -> float:
    """Return the planned minutes to the destination, from its board or else from an earlier run; NaN if unknown.

    ``name`` is the departure's, as ``journey_name`` makes it.
    """
    ride = _shown_ride(run.arrival(destination), planned)
    return float(train.journeys.get(name, "nan") if ride is None else ride)


def journey_name(station: str, destination: str, ahead: Sequence[str]) -> str:
    """Return what a journey is called in the train's state: the first of two calls is farther from the destination."""
    return ">".join([station] * (1 + ahead[:-1].count(station)) + [destination])


def _shown_ride(arrival: UtcMinutes | None, planned: UtcMinutes) -> int | None:
    """Return the minutes to a planned arrival; None if no board has shown one that lies ahead."""
    return arrival - planned if arrival is not None and arrival > planned else None


def _expected_arrival(train: TrainState, seen: FeatureInput, arrival: UtcMinutes | None, key: GroupKey) -> int:
    """Return the minute of arrival, planned ``arrival`` where that is known, with the delay of the departure."""
    planned = minute_of(seen)
    ride = _shown_ride(arrival, planned)
    if ride is None:  # the name is made of the whole route: only where it can be known
        ride = train.journeys.get(_name(seen, key), LONGEST_RIDE) if train.journeys else LONGEST_RIDE
    return planned + seen.delay + ride


def _ending(
    train: TrainState, run: Run, found: _Found, departures: list[Departure], now: Milliseconds, key: GroupKey
) -> Ending:
    departures.sort(key=lambda departure: departure.seen.scheduled)
    arrival = run.arrival(found.destination)
    if arrival is not None and found.status == "arrived":
        for departure in departures:
            journeys.learn(train, _name(departure.seen, key), arrival - minute_of(departure.seen), now)
    last = minute_of(departures[-1].seen)
    return Ending(
        status=found.status,
        delay=found.delay,
        last_hop_minutes=float(arrival - last) if arrival is not None and arrival > last else math.nan,
        first_planned=run.first_planned,
        departures=tuple(departures),
        reason=found.reason,
    )


def _found(run: Run, departure: Departure, key: GroupKey) -> _Found | None:
    """Return what boards say became of a departure at its destination; None if none says it."""
    ahead = tuple(map(key, departure.seen.route_ahead))
    destination = key(departure.seen.destination)
    end = run.ends.get(destination)
    if end is not None:
        if end.cancelled or (end.calls_again and ahead.count(destination) > 1):
            return _Found(destination, "cancelled")
        return _Found(destination, "arrived", end.delay)
    if destination in run.passed and ahead != (key(departure.seen.station),):  # the run was extended
        return _Found(destination, "arrived", run.passed[destination])
    if destination in run.cancelled or _ended_before(run, destination, ahead):
        return _Found(destination, "cancelled")
    return None


def _ended_before(run: Run, destination: str, ahead: tuple[str, ...]) -> bool:
    """Return True if the run was seen to end at a stop before the destination on a departure's route.

    A part of the train may end where another part, under the same number, goes on: then it did not.
    """
    if destination not in ahead:
        return False
    before = ahead[: len(ahead) - 1 - ahead[::-1].index(destination)]
    ended = [place for place, name in enumerate(before) if name in run.ends and not run.ends[name].cancelled]
    if not ended:
        return False
    on_from = ahead[ended[-1] :]
    since = run.ends[before[ended[-1]]].planned
    went_on = (name for at, _, name in run.left() if at >= since and name not in run.cancelled)
    return not any(name in on_from for name in went_on)


def _why_unlabelled(run: Run) -> Unlabelled:
    """An end after which the run was seen to leave a station was none, or that of another part."""
    last_left = max((at for at, _, _ in run.left()), default=0)
    over = any(not end.cancelled and end.planned > last_left for end in run.ends.values())
    return "ended-elsewhere" if over else "not-seen"


def _name(seen: FeatureInput, key: GroupKey) -> str:
    return journey_name(key(seen.station), key(seen.destination), tuple(map(key, seen.route_ahead)))


def minute_of(seen: FeatureInput) -> UtcMinutes:
    """Return the planned departure in minutes."""
    return berlin_time.utc_minutes(berlin_time.milliseconds(seen.scheduled))

"""The board that DBF would show at a moment (``/{station}.json?version=3``), with its keys, nulls and order of rows.

A row is shown from 180 minutes before its planned arrival (departure if the run starts here) until its believed
departure (arrival if the run ends here), and with ``past`` for an hour longer. A delay is null only if there is no such
event. All of that follows DBF's reading of the times (``clock.read_by_dbf``).
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from enum import Enum
from functools import lru_cache

import msgspec

from zielzeit.simulator import chance, clock
from zielzeit.simulator.forecast import Forecast
from zielzeit.simulator.world import Call, World

_AHEAD = 180 * 60
_PAST = 60 * 60
_LONGEST_DELAY = 9 * 3600
_REPEATED = 3600
"""By how much longer a row may stand in the hour that autumn repeats."""
_CAUSES = (
    "Verspätung eines vorausfahrenden Zuges",
    "Bauarbeiten",
    "Technische Störung am Zug",
    "Verspätung aus vorheriger Fahrt",
    "Defekt an einem Signal",
    "Kurzfristiger Personalausfall",
    "Verspätete Bereitstellung",
    "Defekt an einer Weiche",
    "Warten auf Anschlussreisende",
)
_QUALITY = ("Abweichende Wagenreihung", "Ein Wagen fehlt", "Kein gastronomisches Angebot")


class RowMessage(msgspec.Struct, frozen=True):
    text: str
    timestamp: str


class RowMessages(msgspec.Struct, frozen=True):
    delay: tuple[RowMessage, ...] = ()
    qos: tuple[RowMessage, ...] = ()


class RouteStop(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    name: str
    is_additional: int | None = None
    is_cancelled: int | None = None


class DisplayedRow(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A row of a board, with every key of version 3 of DBF's JSON."""

    delay_arrival: int | None
    delay_departure: int | None
    destination: str
    is_cancelled: int
    messages: RowMessages
    missing_realtime: bool
    platform: str | None
    route: msgspec.Raw
    """JSON array of RouteStop."""
    scheduled_arrival: str | None
    scheduled_departure: str | None
    scheduled_platform: str | None
    train: str
    train_classes: tuple[str, ...]
    train_number: str
    via: tuple[str, ...]


class DisplayedBoard(msgspec.Struct, frozen=True):
    departures: tuple[DisplayedRow, ...]


class Feed(Enum):
    """State of the real-time feed behind a board."""

    ALIVE = "alive"
    HALF_DEAD = "half dead"
    """Every other line shows no real-time data: the feed of a part of the station is down."""
    DEAD = "dead"

    def serves(self, line: int) -> bool:
        """Return True if the feed has real-time data of a line, by its index."""
        return self is Feed.ALIVE or (self is Feed.HALF_DEAD and line % 2 == 0)


def board(world: World, station: int, at: float, *, past: bool = True, feed: Feed = Feed.ALIVE) -> DisplayedBoard:
    """Board of a station at epoch second ``at``."""
    rows = []
    for call in calls(world, station, at):
        realtime = feed.serves(call.forecast.run.line.index)
        if not past and realtime and call.gone < at - _REPEATED:
            continue
        forecast, stop = call.forecast, call.stop
        delay = forecast.departure_delay(stop, at) if realtime else 0
        leaves = clock.read_by_dbf(call.planned + 60 * delay)
        if leaves >= at - (_PAST if past else 0) and clock.read_by_dbf(call.shows_from) < at + _AHEAD:
            rows.append((leaves, call.shows_from, call.run_id, _row(world, call, at, delay, realtime)))
    rows.sort(key=lambda entry: entry[:3])
    return DisplayedBoard(tuple(entry[3] for entry in rows))


def encode(shown: DisplayedBoard) -> bytes:
    """Body of DBF's reply."""
    return msgspec.json.encode(shown)


def calls(world: World, station: int, at: float) -> list[Call]:
    """Calls that may be on the station's board at epoch second ``at``, by planned time."""
    today = clock.local(at).date()
    found: list[Call] = []
    for shift in (-1, 0, 1):
        if shift == 1 and clock.local(at + _AHEAD).date() == today:
            continue
        of_day = world.station_day(station, today + timedelta(days=shift))
        low = bisect_left(of_day, at - _LONGEST_DELAY, key=_shows_from)
        high = bisect_left(of_day, at + _AHEAD, key=_shows_from)
        found += [call for call in of_day[low:high] if call.gone + _PAST + _REPEATED >= at]
    return found


def _shows_from(call: Call) -> int:
    return call.shows_from


def _row(world: World, call: Call, at: float, delay: int, realtime: bool) -> DisplayedRow:
    forecast, stop = call.forecast, call.stop
    run = forecast.run
    pattern, last = run.pattern, run.last
    route, destination, via = _route(world, forecast, stop, at if realtime else 0)
    platform = pattern.platforms[stop]
    arrival_cancelled = realtime and run.arrival_cancelled(stop, at)
    departure_cancelled = realtime and run.departure_cancelled(stop, at)
    arrives, departs = stop > 0, stop < last
    arrival, departure = run.start + 60 * pattern.arrivals[stop], run.start + 60 * pattern.departures[stop]
    return DisplayedRow(
        delay_arrival=None
        if not arrives
        else _shown_delay(arrival, forecast.arrival_delay(stop, at) if realtime else 0),
        delay_departure=_shown_delay(departure, delay) if departs else None,
        destination=destination,
        is_cancelled=int((arrival_cancelled or not arrives) and (departure_cancelled or not departs)),
        messages=_messages(forecast, at, delay) if realtime else RowMessages(),
        missing_realtime=(forecast.silent or not realtime) and clock.read_by_dbf(run.start) < at,
        platform=_changed_platform(world, forecast, stop, at) or platform if realtime else platform,
        route=route,
        scheduled_arrival=clock.hhmm(arrival) if arrives else None,
        scheduled_departure=clock.hhmm(departure) if departs else None,
        scheduled_platform=platform,
        train=run.line.label(run.trip),
        train_classes=run.line.classes,
        train_number=run.trip.number,
        via=via,
    )


def _shown_delay(planned: int, delay: int) -> int:
    """Delay as the difference of two times that DBF has read."""
    return (clock.read_by_dbf(planned + 60 * delay) - clock.read_by_dbf(planned)) // 60


def _route(world: World, forecast: Forecast, stop: int, at: float) -> tuple[msgspec.Raw, str, tuple[str, ...]]:
    """Route as JSON, destination as known at ``at``, up to three stops on the way."""
    run = forecast.run
    cancelled = run.cancellation
    first = end = 0
    if cancelled is not None and cancelled.announced <= at and (cancelled.revoked is None or at < cancelled.revoked):
        first, end = cancelled.first, cancelled.end
    return _render_route(world, run.pattern.stops, stop, first, end)


@lru_cache(maxsize=100_000)
def _render_route(
    world: World, stops: tuple[int, ...], stop: int, first: int, end: int
) -> tuple[msgspec.Raw, str, tuple[str, ...]]:
    names = [world.network.stations[s].name for s in stops]
    whole = first == 0 and end == len(stops)
    trailing = end == len(stops) and not whole
    entries = []
    for place, name in enumerate(names):
        if first <= place < end and not whole:
            # DBF writes both keys for the cancelled stops at the end of a route.
            entries.append(RouteStop(name, 0 if trailing else None, 1))
        else:
            entries.append(RouteStop(name))
    destination = names[first - 1] if trailing else names[-1]
    ahead = [n for place, n in enumerate(names[:-1]) if place > stop and not first <= place < end]
    chosen = ahead[:1] + [n for n in ahead[1:] if n.endswith("Hbf")][:2]
    via = tuple(n.removesuffix(" Hbf") for n in (chosen if len(chosen) == 3 else ahead[:3]))
    return msgspec.Raw(msgspec.json.encode(entries)), destination, via


def _changed_platform(world: World, forecast: Forecast, stop: int, at: float) -> str | None:
    draw = chance.mix(forecast.run.key, 51, stop)
    if draw % 50:
        return None
    known = forecast.planned(stop) - (5 + draw // 50 % 55) * 60
    platforms = world.network.stations[forecast.run.pattern.stops[stop]].platforms
    return str(1 + draw // 5000 % platforms) if at >= known else None


def _messages(forecast: Forecast, at: float, delay: int) -> RowMessages:
    run = forecast.run
    late: tuple[RowMessage, ...] = ()
    quality: tuple[RowMessage, ...] = ()
    if delay >= 5 and forecast.known_at and forecast.known_at[0] <= at:
        cause = _CAUSES[run.key % len(_CAUSES)]
        late = (RowMessage(cause, _timestamp(forecast.known_at[0])),)
    if run.line.category in ("ICE", "IC") and run.key // 64 % 4 == 0:
        quality = (RowMessage(_QUALITY[run.key // 256 % len(_QUALITY)], _timestamp(run.start - 3 * 3600)),)
    return RowMessages(late, quality)


def _timestamp(second: int) -> str:
    return clock.local(second).strftime("%Y-%m-%dT%H:%M:00")

"""Rebuild boards from a recorded IRIS feed: what DBF would have answered with what was known at the moment.

Rules of db-fakedisplay: a row is shown from 180 minutes before its planned arrival (departure if the run starts here)
until its believed departure (arrival if it ends here), with ``past=1`` for an hour longer, in order of that time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Set
from datetime import datetime
from pathlib import Path

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards.record import BoardRecord
from zielzeit.evaluation import iris_feed

_AHEAD = 180 * MINUTE
_PAST = 60 * MINUTE
_LONGEST = 12 * 60 * MINUTE
"""Longest delay that is looked for."""


def rebuild(
    folder: Path,
    station: str | None,
    begin: datetime,
    end: datetime,
    *,
    every: int,
    past: bool,
    only: Set[str] | None = None,
) -> Iterator[BoardRecord]:
    """Boards of the stations of a feed, every ``every`` seconds from ``begin`` to ``end`` (aware), in order of time.

    ``station`` names the station of a feed whose files do not; ``only`` selects stations of a feed whose files do.
    """
    stops = iris_feed.read_plan(folder, station)
    at_station: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for stop_id, stop in stops.items():
        at_station[stop.station].append((_shows(stop), stop_id))
    for there in at_station.values():
        there.sort()
    changes = iter(iris_feed.read_changes(folder))
    change = next(changes, None)
    for at in range(berlin_time.milliseconds(begin), berlin_time.milliseconds(end) + 1, every * 1000):
        while change is not None and change.at <= at:
            planned = change.stop_id in stops
            iris_feed.apply(stops, change, station)
            if not planned and change.stop_id in stops:
                added = stops[change.stop_id]
                insort(at_station[added.station], (_shows(added), change.stop_id))
            change = next(changes, None)
        for name in sorted(at_station if only is None else only & at_station.keys()):
            there = at_station[name]
            window = there[bisect_left(there, (at - _LONGEST, "")) : bisect_left(there, (at + _AHEAD, ""))]
            yield BoardRecord(
                station=name,
                body=_body([stops[stop_id] for _, stop_id in window], at, past=past),
                polled_at=berlin_time.datetime_of(Milliseconds(at)),
                source="replay",
                url=folder.name,
            )


def _shows(stop: iris_feed.Stop) -> int:
    """Planned time, milliseconds since 1970 UTC, that decides when the row appears on the board."""
    return iris_feed.milliseconds(stop.arrival.planned or stop.departure.planned)


def _body(stops: list[iris_feed.Stop], at: int, *, past: bool) -> bytes:
    rows = []
    for stop in stops:
        last = stop.departure if stop.departure.planned else stop.arrival
        if last.believed >= at - (_PAST if past else 0):
            rows.append((last.believed, _row(stop, at)))
    rows.sort(key=lambda row: row[0])
    return msgspec.json.encode({"departures": [row for _, row in rows]})


def _row(stop: iris_feed.Stop, at: int) -> dict[str, object]:
    arrival, departure = stop.arrival, stop.departure
    path = departure.path.split("|") if departure.planned and departure.path else []
    before = arrival.path.split("|") if arrival.planned and arrival.path else []
    route = [
        *({"name": name} | ({} if arrival.runs else {"isCancelled": 1}) for name in before),
        {"name": stop.station},
        *({"name": name} | ({} if departure.runs else {"isCancelled": 1}) for name in path),
    ]
    runs_on = departure.runs and path
    known = arrival.known or departure.known
    return {
        "delayArrival": arrival.delay if arrival.planned else None,
        "delayDeparture": departure.delay if departure.planned else None,
        "destination": path[-1] if runs_on else stop.station,
        "isCancelled": int(not arrival.runs and not departure.runs),
        "messages": {"delay": [], "qos": []},
        "missingRealtime": not known and iris_feed.milliseconds(stop.start) < at,
        "platform": departure.platform or arrival.platform,
        "route": route,
        "scheduledArrival": _time(arrival.planned),
        "scheduledDeparture": _time(departure.planned),
        "train": f"{stop.category} {stop.line or stop.number}",
        "trainNumber": stop.number,
    }


def _time(planned: str) -> str | None:
    return f"{planned[6:8]}:{planned[8:]}" if planned else None

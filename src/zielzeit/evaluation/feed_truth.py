"""True stops of recorded IRIS feeds: what the feed said last is what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zielzeit import berlin_time
from zielzeit.evaluation import iris_feed
from zielzeit.evaluation.comparison import TrueStop


def read(folder: Path, station: str | None) -> Iterator[TrueStop]:
    """All stops of a recorded feed, as they were known at its end. Raises UserError like ``iris_feed.read_plan``."""
    stops = iris_feed.read_plan(folder, station)
    for change in iris_feed.read_changes(folder):
        iris_feed.apply(stops, change, station)
    for stop in stops.values():
        if stop.arrival.planned or stop.departure.planned:
            yield true_stop(stop)


def true_stop(stop: iris_feed.Stop) -> TrueStop:
    """The true stop of a feed's stop, after its last change."""
    arrival, departure = stop.arrival, stop.departure
    if departure.runs:
        kind, event = "departed", departure
    elif arrival.runs:
        kind, event = "terminated", arrival
    else:
        kind, event = "cancelled", departure if departure.planned else arrival
    identity = berlin_time.datetime_of(iris_feed.milliseconds(departure.planned or arrival.planned))
    return TrueStop(
        station=stop.station,
        train=f"{stop.category} {stop.number}",
        planned_wall=berlin_time.wall_minutes(identity),
        kind=kind,
        planned=iris_feed.milliseconds(event.planned),
        delay=None if kind == "cancelled" else event.delay,
        known_at=max(arrival.state_at, departure.state_at),
        undecidable=None,
    )

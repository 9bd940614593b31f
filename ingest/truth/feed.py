"""Recorded IRIS feeds as true stops: the last thing said is what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingest.truth import iris
from ingest.truth.comparison import TrueStop
from udfs import clock


def read(folder: Path, station: str | None) -> Iterator[TrueStop]:
    """All stops of a recorded feed, as one who looks back knows them. Raises UserError as ``iris.read_plan``."""
    stops = iris.read_plan(folder, station)
    for change in iris.read_changes(folder):
        iris.apply(stops, change, station)
    for stop in stops.values():
        if stop.arrival.planned or stop.departure.planned:
            yield true_stop(stop)


def true_stop(stop: iris.Stop) -> TrueStop:
    """What happened to a stop of which all is known."""
    arrival, departure = stop.arrival, stop.departure
    if departure.runs:
        kind, event = "departed", departure
    elif arrival.runs:
        kind, event = "terminated", arrival
    else:
        kind, event = "cancelled", departure if departure.planned else arrival
    identity = clock.instant_datetime(iris.milliseconds(departure.planned or arrival.planned) / 60_000)
    return TrueStop(
        station=stop.station,
        train=f"{stop.category} {stop.number}",
        planned_wall=clock.wall_minutes(identity),
        kind=kind,
        planned=iris.milliseconds(event.planned),
        delay=None if kind == "cancelled" else event.delay,
        known_at=max(arrival.state_at, departure.state_at),
        undecidable=None,
    )

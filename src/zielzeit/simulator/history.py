"""History of a simulated railway: one row per train, stop and day, with the columns of real history files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import polars as pl

from zielzeit.simulator import clock
from zielzeit.simulator.movement import SimulatedRun, move
from zielzeit.simulator.railway import Network

SCHEMA: dict[str, pl.DataType] = {
    "train_type": pl.Categorical(),
    "train_number": pl.Categorical(),
    "line": pl.Categorical(),
    "station": pl.Categorical(),
    "eva": pl.Categorical(),
    "date": pl.Date(),
    "planned_minute_of_day": pl.Int16(),
    "arr_delay_min": pl.Int16(),
    "dep_delay_min_if_differs": pl.Int16(),
    "prev_stop_delay_min": pl.Int16(),
    "cancelled": pl.Boolean(),
}


class StopRecord(msgspec.Struct, frozen=True):
    """A run at a station, as history files keep it. Delays are minutes; date and minute are of the planned time."""

    train_type: str
    train_number: str
    line: str | None
    """Line with its category (``RE7``); null for long-distance trains."""
    station: str
    eva: str
    date: date
    planned_minute_of_day: int
    """Planned arrival, or departure at the first stop; minutes after midnight, Europe/Berlin."""
    arr_delay_min: int | None
    """Null at the first stop."""
    dep_delay_min_if_differs: int | None
    """Delay of the departure; null if there is none or it equals the delay of the arrival."""
    prev_stop_delay_min: int | None
    """Delay of the arrival at the stop before, of the departure if the run starts there."""
    cancelled: bool


def stop_records(network: Network, first_day: date, days: int) -> Iterator[StopRecord]:
    """Records of ``days`` service days, by day, line, train and stop."""
    for shift in range(days):
        for line in network.lines:
            for run in move(network, line, first_day + timedelta(days=shift)):
                yield from _of_run(network, run)


def stop_table(network: Network, first_day: date, days: int) -> pl.DataFrame:
    """The records of ``stop_records`` as a table, with the column types of real history files."""
    fields = [
        [getattr(record, name) for name in StopRecord.__struct_fields__]
        for record in stop_records(network, first_day, days)
    ]
    return pl.DataFrame(fields, schema=SCHEMA, orient="row")


def _of_run(network: Network, run: SimulatedRun) -> Iterator[StopRecord]:
    pattern = run.pattern
    for stop, index in enumerate(pattern.stops):
        station = network.stations[index]
        planned = clock.local(run.start + 60 * pattern.arrivals[stop])
        arrives, departs = run.served(stop)
        first, last = stop == 0, stop == run.last
        before = None if first else run.arrivals[stop - 1]
        arrival = None if first else run.arrivals[stop]
        departure = None if last or run.departures[stop] == arrival else run.departures[stop]
        yield StopRecord(
            train_type=run.line.category,
            train_number=run.trip.number,
            line=_line(run),
            station=station.name,
            eva=f"{station.eva:07d}",
            date=planned.date(),
            planned_minute_of_day=60 * planned.hour + planned.minute,
            arr_delay_min=arrival,
            dep_delay_min_if_differs=departure,
            prev_stop_delay_min=before,
            cancelled=not (arrives if last else departs),
        )


def _line(run: SimulatedRun) -> str | None:
    name = run.line.name
    return (name if name.startswith(run.line.category) else run.line.category + name) if name else None

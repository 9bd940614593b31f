"""A simulated railway's truth log as a file of history: the importer's examples can be compared with the stream's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from zielzeit.recordings.decompress import read_lines
from zielzeit.simulator.truth import Truth

Stop = tuple[str, str, str, datetime]
"""(station, category, number, planned departure); the planned arrival where the run ends."""


class Known(NamedTuple):
    """The delay that the pipeline observed at a stop, in minutes, and when it was known."""

    delay: int
    at: datetime


def read_truth(file: Path) -> list[Truth]:
    """Return the records of a truth log file."""
    return [msgspec.json.decode(line, type=Truth) for _, line in read_lines(file)]


def stop_of(truth: Truth) -> Stop:
    """Return the stop's identity."""
    planned = truth.scheduled_departure or truth.scheduled_arrival
    assert planned is not None
    return truth.station, truth.category, truth.number, planned


def decision_id(truth: Truth) -> str:
    """Return the id of the decision about the stop."""
    station, category, number, planned = stop_of(truth)
    return f"{station}|{category} {number}|{planned:%Y-%m-%dT%H:%M}"


def told(examples: Iterable[Mapping[str, Any]], truths: Iterable[Truth]) -> dict[Stop, Known]:
    """Return what the pipeline observed, by stop, out of its examples: the delay at each departure and the label."""
    ends = defaultdict(list)
    for truth in truths:
        if truth.scheduled_departure is None:
            ends[truth.station, truth.category, truth.number].append(stop_of(truth))
    known = {}
    for one in examples:
        known[one["station"], one["category"], one["number"], one["scheduled"]] = Known(one["delay"], one["decided_at"])
        later = [end for end in ends[one["destination"], one["category"], one["number"]] if end[3] > one["scheduled"]]
        if later and one["final_delay"] is not None:
            known[min(later, key=itemgetter(3))] = Known(one["final_delay"], one["labelled_at"])
    return known


def seen_whole(truths: Iterable[Truth], known: Container[Stop]) -> list[Truth]:
    """Return the stops of the runs without a cancelled stop whose every stop is in ``known``."""
    runs = defaultdict(list)
    for truth in truths:
        runs[truth.run].append(truth)
    return [
        truth
        for run in runs.values()
        if all(stop_of(one) in known and not (one.arrival_cancelled or one.departure_cancelled) for one in run)
        for truth in run
    ]


def month(truths: Sequence[Truth], file: Path, known: Mapping[Stop, Known] | None = None) -> Path:
    """Write truths as a file like those of ``piebro/deutsche-bahn-data``, and return its path.

    With ``known`` the delays are the observed ones, and the column ``known_at`` says when each was known.
    """
    pl.DataFrame([_row(truth, known[stop_of(truth)] if known else None) for truth in truths]).write_parquet(file)
    return file


def _row(truth: Truth, known: Known | None) -> dict[str, object]:
    arrival, departure = truth.delay_arrival, truth.delay_departure
    if known and truth.scheduled_departure is None:
        arrival = known.delay
    elif known:
        departure = known.delay
    return {
        "station_name": truth.station,
        "train_type": truth.category,
        "train_number": truth.number,
        "line_number": truth.line,
        "id": f"{truth.run}-{truth.stop_index}",
        "arrival_planned_time": _wall(truth.scheduled_arrival, 0),
        "arrival_change_time": _wall(truth.scheduled_arrival, arrival),
        "departure_planned_time": _wall(truth.scheduled_departure, 0),
        "departure_change_time": _wall(truth.scheduled_departure, departure),
        "arrival_is_canceled": truth.arrival_cancelled,
        "departure_is_canceled": truth.departure_cancelled,
        **({"known_at": known.at} if known else {}),
    }


def _wall(planned: datetime | None, delay: int | None) -> datetime | None:
    return None if planned is None else planned.replace(tzinfo=None) + timedelta(minutes=delay or 0)

"""Finished runs replayed in the order in which a stream would have learnt of them.

The stream's own functions (``zielzeit.features.definition``, ``zielzeit.features.network_tables``) are called for
every stop, minute by minute: first
all departures of a minute are described, then all that happened in it is noted.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from training.history.runs import ARRIVAL, CANCELLED, DEPARTURE, Floats, Longs, Runs
from zielzeit.compiled import compiled
from zielzeit.features.definition import describe
from zielzeit.features.network_tables import (
    Place,
    Tables,
    note_cancelled_stop,
    note_hop,
    note_outcome,
    note_passing,
    note_run,
)


def order(runs: Runs) -> Longs:
    """Stops in the order in which their fate was known."""
    return np.argsort(runs.known, kind="stable")


@compiled
def replay(tables: Tables, runs: Runs, stops: Longs, days: npt.NDArray[np.int32], out: Floats) -> int:
    """Describe the departures among ``stops`` into the rows of ``out``, in order, and note everything.

    ``days`` are the service days of the stops' ``known``. Returns the number of rows written.
    """
    row = 0
    start = 0
    while start < len(stops):
        minute = math.floor(runs.known[stops[start]])
        end = start
        while end < len(stops) and runs.known[stops[end]] < minute + 1:
            if runs.kind[stops[end]] == DEPARTURE:
                _describe(tables, runs, stops[end], minute, days[end], out[row])
                row += 1
            end += 1
        for index in range(start, end):
            _note(tables, runs, stops[index], minute, days[index])
        start = end
    return row


@compiled
def _place(runs: Runs, stop: int) -> Place:
    return Place(runs.klass[stop], runs.station[stop], runs.train[stop], runs.service[stop], runs.relation[stop])


@compiled
def _horizon(runs: Runs, stop: int) -> float:
    return runs.arrival[runs.end[stop] - 1] - runs.departure[stop]


@compiled
def _describe(tables: Tables, runs: Runs, stop: int, minute: float, day: int, out: Floats) -> None:
    first, end = runs.first[stop], runs.end[stop]
    before = np.empty(stop - first)
    count = 0
    for earlier in range(first, stop):
        if runs.kind[earlier] == DEPARTURE and runs.known[earlier] <= runs.known[stop]:
            before[count] = runs.delay[earlier]
            count += 1
    describe(
        tables,
        _place(runs, stop),
        minute,
        day,
        runs.wall[stop],
        runs.category[stop],
        runs.holiday[stop],
        runs.delay[stop],
        _horizon(runs, stop),
        runs.hop[stop + 1 : end],
        runs.station[stop + 1 : end],
        before[:count],
        out,
    )


@compiled
def _has_departed(runs: Runs, stop: int) -> bool:
    """Whether the stop's run left any station: one cancelled altogether is no news of runs under way."""
    for departure in range(runs.first[stop], stop):
        if runs.kind[departure] == DEPARTURE and runs.known[departure] <= runs.known[stop]:
            return True
    return False


@compiled
def _note(tables: Tables, runs: Runs, stop: int, minute: float, day: int) -> None:
    kind, klass, station = runs.kind[stop], runs.klass[stop], runs.station[stop]
    if kind == CANCELLED:
        note_cancelled_stop(tables, station, minute)
        return
    delay = runs.delay[stop]
    if kind == ARRIVAL and _has_departed(runs, stop):
        note_run(tables, klass, minute, math.isnan(delay))
    if not math.isnan(delay):
        before, growth = runs.before[stop], 0.0
        if before >= 0 and runs.known[before] <= runs.known[stop]:
            growth = delay - runs.delay[before]
            planned = runs.departure[stop] - runs.departure[before]
            note_hop(tables, runs.hop_made[stop], minute, day, runs.delay[before], delay, planned)
        note_passing(tables, klass, station, minute, day, delay, growth)
    if kind == ARRIVAL:
        for departure in range(runs.first[stop], stop):
            if runs.kind[departure] == DEPARTURE and runs.known[departure] <= runs.known[stop]:
                place = _place(runs, departure)
                note_outcome(tables, place, minute, day, runs.delay[departure], delay, _horizon(runs, departure))

"""Finished runs, described and observed in the order in which a stream would have learnt of them.

The stream's own functions (``zielzeit.features.definition``, ``zielzeit.features.updates``) are called for every stop,
minute by minute: first all departures of a minute are described, then all that happened in it is observed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from training.history.assembly import ARRIVAL, CANCELLED, DEPARTURE, Longs, StopArrays
from training.history.run_order import Floats
from zielzeit.compiled import compiled
from zielzeit.features.definition import KnownDeparture, describe
from zielzeit.features.network_tables import DepartureKeys, Tables
from zielzeit.features.updates import (
    EndedDepartures,
    Ride,
    observe_arrival,
    observe_cancelled_stop,
    observe_passing,
)


def chronological(stops: StopArrays) -> Longs:
    """Return the indexes of the stops in the order in which their fate was known."""
    return np.argsort(stops.known, kind="stable")


@compiled
def describe_all(tables: Tables, stops: StopArrays, order: Longs, days: npt.NDArray[np.int32], out: Floats) -> int:
    """Describe the departures among the stops of ``order`` into the rows of ``out``, and observe all of its stops.

    ``days`` are the service days on which the fates of these stops were known. Returns the number of rows written.
    """
    row = 0
    start = 0
    while start < len(order):
        minute = math.floor(stops.known[order[start]])
        end = start
        while end < len(order) and stops.known[order[end]] < minute + 1:
            if stops.kind[order[end]] == DEPARTURE:
                describe(tables, _departure(stops, order[end], minute, days[end]), out[row])
                row += 1
            end += 1
        for index in range(start, end):
            _observe(tables, stops, order[index], minute, days[index])
        start = end
    return row


# Few functions take the arrays of stops: Numba counts the references of all of them at each call.


@compiled
def _departure(stops: StopArrays, stop: int, minute: float, day: int) -> KnownDeparture:
    end = stops.end[stop]
    earlier_delays = np.empty(stop - stops.first[stop])
    count = 0
    for earlier in range(stops.first[stop], stop):
        if stops.kind[earlier] == DEPARTURE and stops.known[earlier] <= stops.known[stop]:
            earlier_delays[count] = stops.delay[earlier]
            count += 1
    return KnownDeparture(
        keys=DepartureKeys(
            train_class=stops.train_class[stop],
            station=stops.station[stop],
            train=stops.train[stop],
            service=stops.service[stop],
            relation=stops.relation[stop],
        ),
        minute=minute,
        day=day,
        wall=stops.wall[stop],
        category_code=stops.category_code[stop],
        holiday=stops.holiday[stop],
        delay=stops.delay[stop],
        horizon=stops.arrival[end - 1] - stops.departure[stop],
        hops=stops.hop[stop + 1 : end],
        stations=stops.station[stop + 1 : end],
        earlier_delays=earlier_delays[:count],
    )


@compiled
def _departures_before(stops: StopArrays, stop: int) -> Longs:
    """Return the indexes of the run's earlier stops at which it is known to have departed by the stop's moment."""
    found = np.empty(stop - stops.first[stop], dtype=np.int64)
    count = 0
    for earlier in range(stops.first[stop], stop):
        if stops.kind[earlier] == DEPARTURE and stops.known[earlier] <= stops.known[stop]:
            found[count] = earlier
            count += 1
    return found[:count]


@compiled
def _observe(tables: Tables, stops: StopArrays, stop: int, minute: float, day: int) -> None:
    kind, delay, station = stops.kind[stop], stops.delay[stop], stops.station[stop]
    if kind == CANCELLED:
        observe_cancelled_stop(tables, station, minute)
        return
    hop, delay_before, planned_minutes = 0, math.nan, math.nan
    before = stops.before[stop]
    if before >= 0 and stops.known[before] <= stops.known[stop]:
        hop, delay_before = stops.hop_made[stop], stops.delay[before]
        planned_minutes = stops.departure[stop] - stops.departure[before]
    ride = Ride(hop=hop, delay_before=delay_before, planned_minutes=planned_minutes)
    train_class = stops.train_class[stop]
    if kind == ARRIVAL:
        departures = _departures_before(stops, stop)
        ended = EndedDepartures(
            trains=stops.train[departures],
            services=stops.service[departures],
            relations=stops.relation[departures],
            delays=stops.delay[departures],
            horizons=stops.arrival[stop] - stops.departure[departures],
        )
        observe_arrival(tables, train_class, station, minute, day, delay, ride, ended)
    elif not math.isnan(delay):  # departed, or left the last station that the files have of the run
        observe_passing(tables, train_class, station, minute, day, delay, ride)

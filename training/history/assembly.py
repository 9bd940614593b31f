"""Stop records put together to runs, as columns of plain numbers for the compiled functions.

``training.history.run_order`` says what a run is. Its destination is its last stop, its service day that of its first
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from training.history import lost_stops
from training.history.cancellations import read_one_flag
from training.history.moments import Moments
from training.history.run_order import Flags, Floats, Ints, by_value, runs_of
from zielzeit import berlin_time, service_days, train_classes
from zielzeit.berlin_time import MINUTE
from zielzeit.features import key_names
from zielzeit.features.key_names import Name, StationKey

Longs = npt.NDArray[np.int64]
Names = dict[str, list[Name]]

DEPARTURE, CANCELLED, ARRIVAL, UNKNOWN = 0, 1, 2, 3
"""What happened at a stop: the train left, the stop was cancelled, the run ended (or should have), nobody knows."""


class StopArrays(NamedTuple):
    """Parallel arrays, one entry per stop, runs one after the other and stops in order; keys as in
    ``zielzeit.features.named_tables``."""

    kind: npt.NDArray[np.int8]
    first: Longs
    """Index of the first stop of the stop's run."""
    end: Longs
    """Index of the run's last stop, plus one."""
    wall: Ints
    """Planned departure on Berlin's clocks, minutes since 1970."""
    departure: Floats
    """Planned departure, at the last stop planned arrival, minutes since 1970 UTC."""
    arrival: Floats
    """Planned arrival, minutes since 1970 UTC."""
    delay: Floats
    """Delay at the departure, at the last stop at the arrival, minutes; NaN where unknown or cancelled."""
    known: Floats
    """When the stop's fate is known, at the last stop the label, minutes since 1970 UTC: as the source says, else as
    the stream's settings say (``training.history.moments``)."""
    train_class: Ints
    """Index into ``zielzeit.train_classes.CLASSES``."""
    category_code: Floats
    """See ``zielzeit.train_classes.category_code``."""
    holiday: Floats
    """Share of the federal states with a public holiday on the day of the planned departure."""
    station: Ints
    """Key of the station."""
    hop: Ints
    """Key of the hop from the stop planned before; 0 at the first stop."""
    hop_made: Ints
    """Key of the hop from the stop served before; 0 where there is none."""
    before: Longs
    """Index of the stop served before, -1 where there is none."""
    train: Ints
    """Key of the train number between this station and the destination."""
    service: Ints
    """Key of the service between this station and the destination."""
    relation: Ints
    """Key of the relation from this station to the destination."""
    day: Ints
    """Service day of the run, days since 1970-01-01."""


class Labels(NamedTuple):
    """Texts of the examples: codes per stop, and the text of each code."""

    codes: dict[str, Ints]
    values: dict[str, pl.Series]


def assemble(
    stops: pl.DataFrame, moments: Moments, station_key: StationKey | None = None
) -> tuple[StopArrays, Labels, Names, dict[str, int]]:
    """Return the runs of all stop records, their texts, the names of the keys, and how many rows were left out by
    reason. Two spellings with one ``station_key`` are one station (default: the packaged register's keys)."""
    station_key = station_key or key_names.packaged_keys()
    frame, start, extended, values, left_out = runs_of(lost_stops.resolve(stops))
    categories, numbers, spelling = (frame[f"{name}_code"].to_numpy() for name in ("category", "number", "station"))
    codes_of_spellings, station_names = pd.factorize(
        np.array([station_key(name) for name in values["station"]], object)
    )
    station = codes_of_spellings[spelling]
    line = frame["line_code"].to_numpy()
    first = np.maximum.accumulate(np.where(start, np.arange(len(frame)), 0))
    firsts = np.flatnonzero(start)
    sizes = np.diff(np.append(firsts, len(frame)))
    end = np.repeat(firsts + sizes, sizes)
    last = end - 1
    is_last = last == np.arange(len(frame))

    wall_departure = np.where(is_last, frame["wall"].to_numpy(), frame["wall_departure"].to_numpy()).astype(np.int32)
    arrival = frame["planned"].cast(pl.Float64).to_numpy()
    departure = np.where(is_last, arrival, frame["planned_departure"].cast(pl.Float64).to_numpy())
    fates = _fates(frame, start, is_last, extended)
    kind, delay = fates.kind, fates.delay
    told = frame["known"].cast(pl.Float64).to_numpy() / MINUTE
    known = np.where(np.isnan(told), _known(kind, departure, delay, start, moments), told)

    class_of = np.array([train_classes.train_class(name) for name in values["category"]], dtype=np.int32)
    code_of = np.array([train_classes.category_code(name) for name in values["category"]])
    train_class = class_of[categories]
    before = _served_before(kind, start)
    hop, hop_made, hops = _hops(station, before, start, station_names)
    destination = station[last]
    # A train without a line is told from others by its category, after all lines.
    line_or_category = np.where(_is_empty(values["line"])[line], len(values["line"]) + categories, line)
    stations = len(station_names)
    relation, relations = pd.factorize((train_class.astype(np.int64) * stations + station) * stations + destination)
    services = len(values["line"]) + len(values["category"])
    service, service_codes = pd.factorize(relation.astype(np.int64) * services + line_or_category)
    trains_ = len(values["category"]) * len(values["number"])
    trains = relation.astype(np.int64) * trains_ + categories.astype(np.int64) * len(values["number"]) + numbers
    numbered = ~_is_empty(values["number"])[numbers]
    train = np.zeros(len(trains), dtype=np.int32)  # 0: a train without a number is told from no other
    codes_of_trains, train_codes = pd.factorize(trains[numbered])
    train[numbered] = codes_of_trains + 1
    names = _names(values, list(station_names), hops, relations, service_codes, train_codes)
    arrays = StopArrays(
        kind=kind,
        first=first,
        end=end,
        wall=wall_departure,
        departure=departure,
        arrival=arrival,
        delay=delay,
        known=known,
        train_class=train_class,
        category_code=code_of[categories],
        holiday=by_value(wall_departure // berlin_time.DAY, service_days.holiday_share),
        station=(station + 1).astype(np.int32),
        hop=hop,
        hop_made=hop_made,
        before=before,
        train=train,
        service=(service + 1).astype(np.int32),
        relation=(relation + 1).astype(np.int32),
        day=((wall_departure[first] - service_days.SERVICE_DAY_STARTS) // berlin_time.DAY).astype(np.int32),
    )
    left_out |= fates.left_out | {"run with a single stop": int((sizes == 1).sum())}
    codes = {
        "category": categories,
        "number": numbers,
        "line": line,
        "station": spelling,
        "destination": spelling[last],
    }
    return arrays, Labels(codes, values | {"destination": values["station"]}), names, left_out


class _Fates(NamedTuple):
    """What happened at each stop."""

    kind: npt.NDArray[np.int8]
    delay: Floats
    """As ``StopArrays.delay``."""
    left_out: dict[str, int]
    """Stops at which nothing is known to have happened, by reason."""


def _fates(frame: pl.DataFrame, start: Flags, is_last: Flags, extended: Flags) -> _Fates:
    flags = ("arrival_cancelled", "departure_cancelled", "one_flag", "arrives", "continues", "ends")
    arrival_cancelled, departure_cancelled, one_flag, arrives, continues, ends = (
        frame[name].to_numpy() for name in flags
    )
    delays = (frame[f"{name}_delay"].cast(pl.Float64).to_numpy() for name in ("arrival", "departure"))
    delay = np.where(is_last, *delays)
    adjacent = (frame["position"].shift(-1) - frame["position"] == 1).fill_null(value=False).to_numpy()
    flag = read_one_flag(one_flag & ~is_last, arrival_cancelled | departure_cancelled, arrives, adjacent, start)
    no_departure = ends & ~is_last
    cancelled = np.where(is_last | no_departure, arrival_cancelled, departure_cancelled & ~flag.departs & ~flag.unclear)
    beyond = is_last & continues & ~extended
    no_departure &= ~cancelled
    lost = np.isnan(delay) & ~cancelled & ~flag.unclear & ~no_departure
    unknown = lost | beyond | flag.unclear | no_departure
    return _Fates(
        kind=np.select([unknown, is_last, cancelled], [UNKNOWN, ARRIVAL, CANCELLED], DEPARTURE).astype(np.int8),
        delay=np.where(cancelled | flag.unclear | no_departure, np.nan, delay),
        left_out={
            "no delay known": int(lost.sum()),
            "destination beyond the data": int((beyond & ~lost).sum()),
            "cancelled, but unclear what": int(flag.unclear.sum()),
            "stop without a departure": int(no_departure.sum()),
        },
    )


def _known(kind: npt.NDArray[np.int8], departure: Floats, delay: Floats, start: Flags, moments: Moments) -> Floats:
    """Return when the stream would have known each stop's fate, minutes since 1970 UTC."""
    decided = departure + np.where(np.isnan(delay), 0.0, delay) + moments.decision
    is_end = kind == ARRIVAL
    # A run that does not reach its destination is labelled after its last departure, however late that was.
    latest = np.maximum.reduceat(decided, np.flatnonzero(start))[np.cumsum(start) - 1]
    decided = np.where(is_end & np.isnan(delay), latest, decided)
    return np.where(is_end, decided + moments.label, decided)


def _served_before(kind: npt.NDArray[np.int8], start: Flags) -> Longs:
    """Return the index of the last departure of the same run before each stop, -1 where there is none."""
    index = np.arange(len(kind))
    left = np.maximum.accumulate(np.where(kind == DEPARTURE, index, -1))
    before = np.concatenate(([-1], left[:-1]))
    first = np.maximum.accumulate(np.where(start, index, 0))
    return np.where(before >= first, before, -1)


def _hops(station: Longs, before: Longs, start: Flags, names: Sequence[str]) -> tuple[Ints, Ints, list[Name]]:
    """Return the keys of the hops from the stop planned before and from the stop served before (0 where there is none),
    and the names of these keys."""
    count = len(names)
    planned = np.where(start, -1, np.concatenate(([0], station[:-1])).astype(np.int64) * count + station)
    made = np.where(before < 0, -1, station[before].astype(np.int64) * count + station)
    codes, uniques = pd.factorize(np.concatenate((planned, made)))
    none = np.flatnonzero(uniques == -1)
    keys = np.arange(1, len(uniques) + 1)
    if len(none):  # keys after the missing one move up, it becomes 0
        keys[none[0] :] -= 1
        keys[none[0]] = 0
    hops: list[Name] = [key_names.hop(names[value // count], names[value % count]) for value in uniques if value >= 0]
    joined = keys[codes].astype(np.int32)
    return joined[: len(station)], joined[len(station) :], hops


def _is_empty(values: pl.Series) -> Flags:
    return (values == "").to_numpy()


def _names(
    values: dict[str, pl.Series],
    station: list[str],
    hops: list[Name],
    relations: Longs,
    services: Longs,
    trains_: Longs,
) -> Names:
    """Return the names of the keys in the order of the keys."""
    line, category, number = (values[name].to_list() for name in ("line", "category", "number"))
    stations = len(station)
    relation = [
        key_names.relation(
            int(code // stations // stations), station[code // stations % stations], station[code % stations]
        )
        for code in relations
    ]
    lines = line + category
    service = []
    for code in services:
        train_class, here, there = relation[code // len(lines)]
        service.append(key_names.service(train_class, lines[code % len(lines)], here, there))
    train = []
    for code in trains_:
        rest, which = divmod(int(code), len(number))
        which_relation, kind = divmod(rest, len(category))
        _, here, there = relation[which_relation]
        train.append(key_names.train(category[kind], number[which], here, there))
    return {"station": [*station], "hop": hops, "train": [*train], "service": [*service], "relation": [*relation]}

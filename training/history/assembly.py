"""Stop records put together to runs, as columns of plain numbers for the compiled functions.

A run is what the source names so; else the stops of one train (category and number) that may be one run
(``zielzeit.runs.same_run``). Its destination is its last stop, its service day that of its first one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from training.history.moments import Moments
from training.history.stops import IDENTITY
from zielzeit import berlin_time, service_days, train_classes
from zielzeit.berlin_time import MINUTE
from zielzeit.runs.same_run import may_be_one_run

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Names = dict[str, list[Hashable]]

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


def assemble(stops: pl.DataFrame, moments: Moments) -> tuple[StopArrays, Labels, Names, dict[str, int]]:
    """Return the runs of all stop records, their texts, the names of the keys, and how many rows were left out by
    reason."""
    frame, values = _coded(stops)
    frame, left_out = _in_order(frame)
    categories, numbers, station = (frame[f"{name}_code"].to_numpy() for name in ("category", "number", "station"))
    line = frame["line_code"].to_numpy()
    start = _starts(frame)
    first = np.maximum.accumulate(np.where(start, np.arange(len(frame)), 0))
    firsts = np.flatnonzero(start)
    sizes = np.diff(np.append(firsts, len(frame)))
    end = np.repeat(firsts + sizes, sizes)
    last = end - 1
    is_last = last == np.arange(len(frame))

    wall, wall_departure = frame["wall"].to_numpy(), frame["wall_departure"].to_numpy()
    wall_departure = np.where(is_last, wall, wall_departure).astype(np.int32)
    arrival, departure = _instants(wall), _instants(wall_departure)
    arrival_delay, departure_delay = (
        frame[name].cast(pl.Float64).to_numpy() for name in ("arrival_delay", "departure_delay")
    )
    delay = np.where(is_last, arrival_delay, departure_delay)
    cancelled = np.where(is_last, frame["arrival_cancelled"].to_numpy(), frame["departure_cancelled"].to_numpy())
    lost = np.isnan(delay) & ~cancelled
    leaves = is_last & frame["continues"].to_numpy()
    kind = np.select([lost | leaves, is_last, cancelled], [UNKNOWN, ARRIVAL, CANCELLED], DEPARTURE).astype(np.int8)
    delay = np.where(cancelled, np.nan, delay)
    told = frame["known"].cast(pl.Float64).to_numpy() / MINUTE
    known = np.where(np.isnan(told), _known(kind, departure, delay, start, moments), told)

    class_of = np.array([train_classes.train_class(name) for name in values["category"]], dtype=np.int32)
    code_of = np.array([train_classes.category_code(name) for name in values["category"]])
    train_class = class_of[categories]
    before = _served_before(kind, start)
    hop, hop_made, hops = _hops(station, before, start, values["station"])
    destination = station[last]
    # A train without a line is told from others by its category, after all lines.
    line_or_category = np.where(_is_empty(values["line"])[line], len(values["line"]) + categories, line)
    stations = len(values["station"])
    relation, relations = pd.factorize((train_class.astype(np.int64) * stations + station) * stations + destination)
    services = len(values["line"]) + len(values["category"])
    service, service_codes = pd.factorize(relation.astype(np.int64) * services + line_or_category)
    trains_ = len(values["category"]) * len(values["number"])
    train, train_codes = pd.factorize(
        relation.astype(np.int64) * trains_ + categories.astype(np.int64) * len(values["number"]) + numbers
    )
    names = _names(values, hops, relations, service_codes, train_codes)
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
        train=(train + 1).astype(np.int32),
        service=(service + 1).astype(np.int32),
        relation=(relation + 1).astype(np.int32),
        day=((wall_departure[first] - service_days.SERVICE_DAY_STARTS) // berlin_time.DAY).astype(np.int32),
    )
    left_out |= {"run with a single stop": int((sizes == 1).sum()), "no delay known": int(lost.sum())}
    left_out["destination beyond the data"] = int((leaves & ~lost).sum())
    codes = {"category": categories, "number": numbers, "line": line, "station": station, "destination": destination}
    return arrays, Labels(codes, values | {"destination": values["station"]}), names, left_out


def _coded(stops: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """Return the records with texts replaced by codes in alphabetical order, and the texts."""
    codes, values = [], {}
    for name in ("category", "number", "station", "line"):
        column = stops[name].fill_null("")
        values[name] = column.unique().sort()
        codes.append(column.cast(pl.Enum(values[name])).to_physical().cast(pl.Int32).alias(f"{name}_code"))
    return stops.drop("category", "number", "station", "line").with_columns(codes), values


def _in_order(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the records by train and time, each stop once, and how many were dropped.

    Of two records of one stop the one that sorts last is kept, so the order of the files does not matter.
    """
    ordered = frame.sort(
        "category_code", "number_code", "run", "wall", "station_code", "arrival_cancelled", "departure_cancelled",
        "arrival_delay", "departure_delay", "line_code", "known",
    )  # fmt: skip
    identity = ["wall" if name == "wall" else f"{name}_code" for name in IDENTITY]
    once = ordered.unique(subset=identity, keep="last", maintain_order=True)
    return once, {"same stop again": len(frame) - len(once)}


def _known(kind: npt.NDArray[np.int8], departure: Floats, delay: Floats, start: Flags, moments: Moments) -> Floats:
    """Return when the stream would have known each stop's fate, minutes since 1970 UTC."""
    decided = departure + np.where(np.isnan(delay), 0.0, delay) + moments.decision
    is_end = kind == ARRIVAL
    # A run that does not reach its destination is labelled after its last departure, however late that was.
    latest = np.maximum.reduceat(decided, np.flatnonzero(start))[np.cumsum(start) - 1]
    decided = np.where(is_end & np.isnan(delay), latest, decided)
    return np.where(is_end, decided + moments.label, decided)


def _starts(frame: pl.DataFrame) -> Flags:
    """Return which stops are the first of their run."""

    def changes(name: str) -> pl.Expr:
        return pl.col(name).ne_missing(pl.col(name).shift())

    other = frame.select(changes("category_code") | changes("number_code") | changes("run")).to_series().to_numpy()
    wall = frame["wall"].to_numpy()
    gap = frame["run"].is_null().to_numpy() & ~may_be_one_run(np.diff(wall, prepend=wall[:1]))
    start: Flags = other | gap
    start[:1] = True
    return start


def _instants(wall: Ints) -> Floats:
    return by_value(wall, berlin_time.wall_to_utc)


def by_value(values: Ints | Floats, function: Callable[[int], float]) -> Floats:
    """Return the function of every value; it is called once for each value that occurs."""
    codes, uniques = pd.factorize(values)
    found: Floats = np.array([function(int(value)) for value in uniques], dtype=np.float64)[codes]
    return found


def _served_before(kind: npt.NDArray[np.int8], start: Flags) -> Longs:
    """Return the index of the last departure of the same run before each stop, -1 where there is none."""
    index = np.arange(len(kind))
    left = np.maximum.accumulate(np.where(kind == DEPARTURE, index, -1))
    before = np.concatenate(([-1], left[:-1]))
    first = np.maximum.accumulate(np.where(start, index, 0))
    return np.where(before >= first, before, -1)


def _hops(station: Ints, before: Longs, start: Flags, names: pl.Series) -> tuple[Ints, Ints, list[tuple[str, str]]]:
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
    text = names.to_list()
    hops = [(text[value // count], text[value % count]) for value in uniques if value >= 0]
    joined = keys[codes].astype(np.int32)
    return joined[: len(station)], joined[len(station) :], hops


def _is_empty(values: pl.Series) -> Flags:
    return (values == "").to_numpy()


def _names(
    values: dict[str, pl.Series], hops: list[tuple[str, str]], relations: Longs, services: Longs, trains_: Longs
) -> Names:
    """Return the names of the keys in the order of the keys, as ``zielzeit.features.network_state`` forms them."""
    station, line, category, number = (values[name].to_list() for name in ("station", "line", "category", "number"))
    stations = len(station)
    relation = [
        (int(code // stations // stations), station[code // stations % stations], station[code % stations])
        for code in relations
    ]
    lines = line + category
    service = []
    for code in services:
        train_class, here, there = relation[code // len(lines)]
        service.append((train_class, lines[code % len(lines)], here, there))
    train = []
    for code in trains_:
        rest, which = divmod(int(code), len(number))
        which_relation, kind = divmod(rest, len(category))
        _, here, there = relation[which_relation]
        train.append((category[kind], number[which], here, there))
    return {"station": station, "hop": hops, "train": train, "service": service, "relation": relation}

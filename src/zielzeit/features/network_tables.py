"""What is known of the railway at one minute: one table per fact, one row per key.

The tables are plain arrays, so that the archive reads and writes them compiled, millions of times in a row, and the
stream once per departure. ``zielzeit.features.updates`` writes them, the groups of features read them, and
``zielzeit.features.named_tables`` hands out the keys.

Delays and growths are minutes. Growth is a later delay minus an earlier one; means use clipped growths, because one
train that stood for five hours says little about the next.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, get_type_hints

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiled
from zielzeit.features.statistics import PAST_WIDTH, RECENT_WIDTH, Table

KeyArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]

HOUR = 45.0
"""Minutes after which news of the last hour weighs 1/e."""
HALF_DAY = 150.0
"""Minutes after which news of the last half day weighs 1/e."""
LATE = 5
"""Minutes of delay from which a train counts as late."""
DELAY_BUCKETS = 7
HORIZON_BUCKETS = 8

_NEVER = -1e9


class Layout(NamedTuple):
    """Shape of a table."""

    space: str
    """What its keys stand for."""
    width: int
    rows_per_key: int = 1
    empty: float = 0.0
    """Value of column 0 before anything was observed; that of the other columns is 0."""
    scale: float = 0.0
    """Minutes after which the sums of a recent row weigh 1/e; 0 of other rows."""


def _recent(space: str, scale: float) -> Layout:
    return Layout(space, RECENT_WIDTH, scale=scale)


def _past(space: str, rows_per_key: int = 1) -> Layout:
    return Layout(space, PAST_WIDTH, rows_per_key)


class Tables(NamedTuple):
    """Everything observed. For recent and past rows see ``zielzeit.features.statistics``."""

    hop_hour: Annotated[Table, _recent("hop", HOUR)]
    """Growth of the trains on a hop; fades by ``HOUR``."""
    hop_half_day: Annotated[Table, _recent("hop", HALF_DAY)]
    """Growth of the trains on a hop; fades by ``HALF_DAY``."""
    hop_last: Annotated[Table, Layout("hop", 2, empty=_NEVER)]
    """The last train on a hop: minute, delay when it set out."""
    hop_minutes: Annotated[Table, Layout("hop", 1, empty=np.nan)]
    """Shortest planned minutes of a hop; NaN before the first train. Forgotten with the hop's row of ``hop_past``."""
    hop_past: Annotated[Table, _past("hop")]
    """Growth of the trains on a hop, clipped at 30 minutes."""
    hop_late_past: Annotated[Table, _past("hop")]
    """Growth on a hop of the trains that set out late."""
    station_hour: Annotated[Table, _recent("station", HOUR)]
    """Delay of the trains at a station, and their growth on their last hop; fades by ``HOUR``."""
    station_cancelled: Annotated[Table, _recent("station", HALF_DAY)]
    """1 for each cancelled stop at a station, 0 for each other; fades by ``HALF_DAY``."""
    station_past: Annotated[Table, _past("station")]
    """Delay of the trains at a station."""
    train_past: Annotated[Table, _past("train")]
    """Growth to the destination, delay and cancellations of a train number at one station."""
    train_late_past: Annotated[Table, _past("train", 2)]
    """The same in two rows per key: of the days when it was on time, and when it was late."""
    service_half_day: Annotated[Table, _recent("service", HALF_DAY)]
    """Growth to the destination, clipped at 45 and at 3 minutes; fades by ``HALF_DAY``."""
    service_past: Annotated[Table, _past("service")]
    """Growth to the destination, delay and cancellations of a service."""
    service_bucket_past: Annotated[Table, _past("service", DELAY_BUCKETS)]
    """Growth to the destination of a service, one row per bucket of delays."""
    relation_half_day: Annotated[Table, _recent("relation", HALF_DAY)]
    """Growth to the destination, clipped at 45 and at 3 minutes; fades by ``HALF_DAY``."""
    relation_last: Annotated[Table, Layout("relation", 2, empty=_NEVER)]
    """The last arrival on a relation: minute, growth."""
    relation_past: Annotated[Table, _past("relation")]
    """Growth to the destination on a relation."""
    class_hour: Annotated[Table, _recent("class", HOUR)]
    """Delay of a class's trains at any station, and their growth on their last hop; fades by ``HOUR``."""
    class_half_day: Annotated[Table, _recent("class", HALF_DAY)]
    """Growth to the destination and delay at departure of the trains that arrived; fades by ``HALF_DAY``."""
    class_cancelled: Annotated[Table, _recent("class", HALF_DAY)]
    """1 for each run that did not reach its destination, 0 for each other; fades by ``HALF_DAY``."""
    class_past: Annotated[Table, _past("class")]
    """Growth to the destination, delay and cancellations of a class."""
    class_bucket_past: Annotated[Table, _past("class", DELAY_BUCKETS * HORIZON_BUCKETS)]
    """Growth to the destination of a class, one row per bucket of delays and of horizons."""


LAYOUTS: dict[str, Layout] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Tables, include_extras=True).items()
}
"""Layout of each table, by its name."""


class DepartureKeys(NamedTuple):
    """Keys of one departure; 0 stands for what has not been observed."""

    train_class: int
    """Index into ``zielzeit.train_classes.CLASSES``."""
    station: int
    train: int
    """Key of (category, number, station, destination)."""
    service: int
    """Key of (class, line or category, station, destination)."""
    relation: int
    """Key of (class, station, destination)."""


@compiled
def delay_bucket(delay: float) -> int:
    """Return which of ``DELAY_BUCKETS`` a delay falls in: how a train recovers depends on how late it is."""
    if delay <= 0:
        return 0
    if delay <= 2:
        return 1
    if delay <= 5:
        return 2
    if delay <= 10:
        return 3
    if delay <= 20:
        return 4
    return 5 if delay <= 40 else 6


@compiled
def horizon_bucket(horizon: float) -> int:
    """Return which of ``HORIZON_BUCKETS`` a horizon falls in."""
    if horizon <= 60:
        return 0 if horizon <= 15 else (1 if horizon <= 30 else 2)
    if horizon <= 120:
        return 3 if horizon <= 90 else 4
    return 5 if horizon <= 180 else (6 if horizon <= 300 else 7)


@compiled
def class_bucket(train_class: int, delay: float, horizon: float) -> int:
    """Return the row of ``class_bucket_past`` for a delay and a horizon."""
    return (train_class * DELAY_BUCKETS + delay_bucket(delay)) * HORIZON_BUCKETS + horizon_bucket(horizon)


@compiled
def service_bucket(service: int, delay: float) -> int:
    """Return the row of ``service_bucket_past`` for a delay."""
    return service * DELAY_BUCKETS + delay_bucket(delay)


@compiled
def train_late_row(train: int, delay: float) -> int:
    """Return the row of ``train_late_past`` for a delay."""
    return 2 * train + (1 if delay >= LATE else 0)

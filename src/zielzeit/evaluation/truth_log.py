"""True stops of the simulator's truth log (``zielzeit.simulator.truth``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from zielzeit import berlin_time
from zielzeit.errors import UserError
from zielzeit.evaluation.comparison import TrueStop
from zielzeit.recordings.decompress import read_lines
from zielzeit.simulator.truth import Truth

_decode = msgspec.json.Decoder(Truth).decode


def read(path: Path) -> Iterator[TrueStop]:
    """One true stop per line. Raises UserError that names the first line of another form."""
    for number, text in read_lines(path):
        try:
            yield _stop(_decode(text))
        except (msgspec.DecodeError, ValueError) as error:
            raise UserError(f"{path}, line {number}: {error}; expected a line of the simulator's truth log") from None


def _stop(truth: Truth) -> TrueStop:
    departs = truth.scheduled_departure is not None and not truth.departure_cancelled
    arrives = truth.scheduled_arrival is not None and not truth.arrival_cancelled
    identity = planned = truth.scheduled_departure or truth.scheduled_arrival
    if departs:
        kind, delay = "departed", truth.delay_departure
    elif arrives:
        kind, planned, delay = "terminated", truth.scheduled_arrival, truth.delay_arrival
    else:
        kind, delay = "cancelled", None
    if identity is None or planned is None:
        raise ValueError(f"{truth.run} at {truth.station} has neither arrival nor departure")
    return TrueStop(
        station=truth.station,
        train=f"{truth.category} {truth.number}",
        planned_wall=berlin_time.wall_minutes(identity),
        kind=kind,
        planned=berlin_time.milliseconds(planned),
        delay=delay,
        known_at=berlin_time.milliseconds(truth.known_at),
        undecidable=truth.undecidable,
    )

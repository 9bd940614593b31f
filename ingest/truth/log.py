"""The simulator's truth log (``ingest/simulator/truth.py``) as true stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from errors import UserError
from ingest.simulator.truth import Truth
from ingest.truth.comparison import TrueStop
from ingest.unpacked import read_lines
from udfs import clock

_decode = msgspec.json.Decoder(Truth).decode


def read(path: Path) -> Iterator[TrueStop]:
    """One true stop for each line. Raises UserError naming the line that is none."""
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
        planned_wall=clock.wall_minutes(identity),
        kind=kind,
        planned=clock.milliseconds(planned),
        delay=delay,
        known_at=clock.milliseconds(truth.known_at),
        undecidable=truth.undecidable,
    )

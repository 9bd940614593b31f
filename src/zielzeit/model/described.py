"""What is known of runs when it is their turn: the elements between the operators ``describe`` and ``score``.

The model is called once for what a bucket of trains is told at the same time. Everything of a run is in one bucket, in
the order in which it happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from zielzeit.berlin_time import Milliseconds
from zielzeit.model.early_correction import Distribution
from zielzeit.runs.buckets import bucket_of
from zielzeit.runs.messages import Departure, EarlyMessage, Ending


class DescribedDeparture(msgspec.Struct, frozen=True, tag="described"):
    """A departure, and its features in the order of ``FEATURES``."""

    departure: Departure
    features: tuple[float, ...]


class DescribedEarly(msgspec.Struct, frozen=True, tag="described-early"):
    """A departure that is told early."""

    message: EarlyMessage
    added: Distribution
    """What is still to be added to the delay shown; empty for a retraction."""
    rows: tuple[tuple[float, ...], ...]
    """Features for each value of ``early_correction.asked``."""


Described = DescribedDeparture | DescribedEarly | Ending


class OfRun(NamedTuple):
    """Something that is told of a run."""

    train: str
    """Category and number."""
    at: Milliseconds
    told: Described


Batch = list[tuple[Milliseconds, Described]]
"""What the runs of a bucket are told, with the event time of each."""

encode_batch = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode


def by_bucket(told: Iterable[OfRun]) -> dict[str, Batch]:
    """Put together what is told of the runs of a bucket; keys are the buckets' names."""
    batches: dict[str, Batch] = {}
    for train, at, one in told:
        batches.setdefault(bucket_of(train), []).append((at, one))
    return batches

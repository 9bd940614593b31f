"""Compare the job's decisions with those made without Flink: equal boards must give equal decisions, byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from threading import Event

import msgspec

from zielzeit import topics
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import RecordedBoard, decide
from zielzeit.events.structs import Decision
from zielzeit.kafka.consumer import read_topic
from zielzeit.settings import Settings


class Agreement(msgspec.Struct, frozen=True):
    """Agreement of two sets of decisions; a decision that occurs twice counts twice."""

    same: int
    """Number of equal decisions."""
    only_offline: tuple[str, ...]
    """Decisions that only ``decide`` made: id, kind and revision, sorted."""
    only_job: tuple[str, ...]
    """Decisions that only the job made."""


class _Name(msgspec.Struct, frozen=True):
    id: str
    kind: str
    revision: int


_name = msgspec.json.Decoder(_Name).decode


def offline(boards: Iterable[RecordedBoard], decider: Decider) -> Iterator[bytes]:
    """The JSON of every decision over recorded boards, as the job would write it."""
    encode = msgspec.json.Encoder().encode
    for _, _, output in decide(boards, decider):
        if isinstance(output, Decision):
            yield encode(output)


def by_job(settings: Settings) -> Iterator[bytes]:
    """The JSON of every committed decision on the topics. Raises UserError if broker or topics are missing."""
    for name in topics.DECISIONS:
        for record in read_topic(settings, name, from_beginning=True, follow=False, stop=Event()):
            yield record.value


def compare(expected: Iterable[bytes], found: Iterable[bytes]) -> Agreement:
    """Compare decisions as JSON in any order. Keeps a digest of each in memory, not the decisions."""
    names: dict[bytes, str] = {}
    wanted, got = (_digests(decisions, names) for decisions in (expected, found))
    same = (wanted & got).total()
    only_wanted, only_got = (
        tuple(sorted(names[digest] for digest in rest.elements())) for rest in (wanted - got, got - wanted)
    )
    return Agreement(same, only_wanted, only_got)


def _digests(decisions: Iterable[bytes], names: dict[bytes, str]) -> Counter[bytes]:
    found: Counter[bytes] = Counter()
    for decision in decisions:
        digest = blake2b(decision, digest_size=16).digest()
        if digest not in names:
            name = _name(decision)
            names[digest] = f"{name.id} {name.kind}, revision {name.revision}"
        found[digest] += 1
    return found

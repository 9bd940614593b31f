"""What travels from ``decide`` to ``follow``: decisions and planned stops, told apart by their kind."""

from __future__ import annotations

import msgspec

from tests.features.railway import decision, planned
from zielzeit.decision.planned_stop import decode, encode


def test_decisions_and_planned_stops_survive_the_way_between_the_operators() -> None:
    for message in (decision("A", 0), planned("D", 60)):
        assert decode(encode(message)) == message


def test_a_first_sight_in_the_state_of_an_older_job_is_a_planned_stop() -> None:
    old = msgspec.structs.asdict(decision("D", 60)) | {"kind": "planned"}
    assert decode(msgspec.msgpack.encode(old)) == planned("D", 60)

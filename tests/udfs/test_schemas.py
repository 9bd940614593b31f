"""The schemas in ``schemas/`` are those of the code, and what the job writes obeys them."""

from __future__ import annotations

from datetime import UTC, datetime

import jsonschema
import msgspec
import pytest

from tests.udfs.railway import decision
from udfs import records, schemas, topics
from udfs.events import DeadLetter
from udfs.features import NetworkState
from udfs.following import Departure, Ending, Train, follow
from udfs.forecasting import Served, forecast


@pytest.mark.parametrize("topic", schemas.STRUCTS)
def test_a_topics_schema_file_is_what_the_code_says(topic: str) -> None:
    written = (schemas.FOLDER / f"{topic}.json").read_bytes()
    assert written == schemas.text(topic), "run: python -m udfs.schemas"


def test_every_topic_but_boards_has_a_schema() -> None:
    assert set(schemas.STRUCTS) == set(topics.ALL) - {topics.BOARDS}


def test_what_the_job_writes_obeys_the_schemas() -> None:
    left = decision("A", 0, delay=4)
    (departure,) = (one for one in follow(Train(), left) if isinstance(one, Departure))
    (scored,) = forecast([departure], NetworkState(), Served())
    ending = Ending(status="arrived", delay=7, last_hop_minutes=10.0, first_planned=29_000_000, departures=(departure,))
    letter = DeadLetter(
        reason="no board", topic="boards", partition=0, offset=1, key="A", timestamp=datetime.now(UTC), body=b"\xff",
        truncated=False,
    )  # fmt: skip
    written = [
        records.of_decision(left),
        records.of_prediction(scored.prediction),
        *records.of_outcome(scored, ending, left.decided_at),
        records.of_dead_letter(letter),
    ]
    assert len({record.topic for record in written}) == 5
    for record in written:
        jsonschema.validate(msgspec.json.decode(record.value), schemas.schema(record.topic))

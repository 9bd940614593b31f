"""The schemas in ``schemas/`` are those of the code, and what the job writes obeys them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import jsonschema
import msgspec
import pytest

from tests.features.railway import decision
from tests.model.forecasts import forecast
from zielzeit import topics
from zielzeit.events import json_schema, topic_record
from zielzeit.events.structs import DeadLetter, Kind
from zielzeit.model.predict import OneModel, outcome
from zielzeit.runs.messages import Departure, Ending
from zielzeit.runs.tracker import follow
from zielzeit.runs.train_state import TrainState


@pytest.mark.parametrize("topic", json_schema.STRUCTS)
def test_a_topics_schema_file_is_what_the_code_says(topic: str) -> None:
    written = (json_schema.FOLDER / f"{topic}.json").read_bytes()
    assert written == json_schema.text(topic), "run: python -m zielzeit.events.json_schema"


def test_every_topic_but_boards_has_a_schema() -> None:
    assert set(json_schema.STRUCTS) == set(topics.ALL) - {topics.BOARDS}


def test_every_kind_of_decision_is_in_the_schema_of_exactly_one_topic() -> None:
    found = [kind for topic in topics.DECISIONS for kind in json_schema.schema(topic)["properties"]["kind"]["enum"]]
    assert sorted(found) == sorted(get_args(Kind))


def test_what_the_job_writes_obeys_the_schemas() -> None:
    left = decision("A", 0, delay=4)
    (departure,) = (one for one in follow(TrainState(), left, str) if isinstance(one, Departure))
    (scored,) = forecast([departure], OneModel())
    ending = Ending(status="arrived", delay=7, last_hop_minutes=10.0, first_planned=29_000_000, departures=(departure,))
    happened, example = outcome(scored, ending, left.decided_at)
    letter = DeadLetter(
        reason="no board", topic="boards", partition=0, offset=1, key="A", timestamp=datetime.now(UTC), body=b"\xff",
        truncated=False,
    )  # fmt: skip
    written = [
        topic_record.of_decision(left),
        topic_record.of_prediction(scored.prediction),
        topic_record.of_outcome(happened),
        topic_record.of_example(example),
        topic_record.of_dead_letter(letter),
    ]
    assert len({record.topic for record in written}) == 5
    for record in written:
        jsonschema.validate(msgspec.json.decode(record.value), json_schema.schema(record.topic))

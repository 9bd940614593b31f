"""Two days of a simulated railway: the stream's rules and the importer make the same examples of the same truth.

The stream learns of each departure from boards, minutes after it, and of each arrival half an hour later; the importer
is told both as the stream found them, and when. Left out are runs that were cancelled somewhere or that the recording
cut off, and corrections: of those the two know different things, and should.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.runs.followers import follow_all
from tests.simulated import Stop, month, read_truth, seen_whole, stop_of, told
from training import examples
from training.history.importing import import_history
from training.history.moments import Moments
from zielzeit import settings as configuration
from zielzeit.berlin_time import BERLIN
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.decision.planned_stop import PlannedStop
from zielzeit.evaluation.outcomes import labelled
from zielzeit.events.structs import Decision, Example
from zielzeit.features.key_names import packaged_keys
from zielzeit.features.network_state import FEATURES
from zielzeit.recordings.read import read_boards
from zielzeit.runs.messages import Message
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

pytestmark = pytest.mark.slow

KEY = ["category", "number", "station", "scheduled"]


def decisions(boards: Path) -> list[Decision | PlannedStop]:
    """Planned stops, and decisions that trains left or arrived, without their corrections."""
    found = (one for _, _, one in decide(read_boards([boards]), Decider.of(configuration.load())))
    kinds = ("departed", "terminated")
    return [one for one in found if isinstance(one, PlannedStop) or (isinstance(one, Decision) and one.kind in kinds)]


def stop(decision: Decision | PlannedStop) -> Stop:
    return decision.station, decision.category, decision.number, decision.scheduled


def streamed(messages: Iterable[tuple[int, str, Message]]) -> Iterator[Example]:
    """The examples that the stream makes of them."""
    return (example for _, example in labelled(messages, packaged_keys()))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The stream's examples beside the importer's (columns with ``_history``)."""
    folder = tmp_path_factory.mktemp("truth")
    boards, log = folder / "boards.jsonl.zst", folder / "truth.jsonl.zst"
    recording.record(
        World(timetable.build(8, seed=5)),
        boards,
        start=datetime(2026, 3, 9, 3, tzinfo=BERLIN),
        hours=48,
        faults=Faults.parse("none", seed=5),
        truth_file=log,
    )
    found = decisions(boards)
    truths = seen_whole(read_truth(log), {stop(one) for one in found if isinstance(one, Decision)})
    whole = {stop_of(truth) for truth in truths}
    stream = [
        {**one.features, **msgspec.structs.asdict(one), "labelled_at": one.known_at}
        for one in streamed(follow_all(one for one in found if stop(one) in whole))
    ]
    import_history(
        [month(truths, folder / "month.parquet", told(stream, truths))],
        folder / "history",
        Moments.of(configuration.load()),
    )
    ours = pl.DataFrame(stream, infer_schema_length=None).with_columns(
        pl.col("scheduled").dt.convert_time_zone("UTC").dt.cast_time_unit("ms")
    )
    return ours.join(examples.read(folder / "history"), on=KEY, suffix="_history", validate="1:1")


def test_every_example_of_the_stream_has_its_twin(both: pl.DataFrame) -> None:
    assert len(both) > 2_000
    assert both["day"].null_count() == 0


@pytest.mark.parametrize("name", ["destination", "station_eva", "destination_eva", "line", "final_delay", "cancelled"])
def test_the_label_and_the_names_are_the_same(both: pl.DataFrame, name: str) -> None:
    assert both[name].cast(both[f"{name}_history"].dtype).to_list() == both[f"{name}_history"].to_list()


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_is_the_same_for_every_departure(both: pl.DataFrame, name: str) -> None:
    ours, theirs = (both[column].cast(pl.Float64).fill_null(np.nan) for column in (name, f"{name}_history"))
    np.testing.assert_allclose(ours, theirs, atol=0.011)

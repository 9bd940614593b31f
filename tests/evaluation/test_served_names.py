"""A model is served the same under the boards' names and the archive's; without the register it is not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from cli.app import build
from tests.decision.handmade import body, row
from tests.features.test_key_names import ARCHIVE, observe
from tests.model.model_folders import with_network, write_model
from zielzeit.berlin_time import BERLIN
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.errors import UserError
from zielzeit.evaluation import redate, served_names
from zielzeit.evaluation.outcomes import followed
from zielzeit.features import key_names
from zielzeit.features.network_state import NetworkState
from zielzeit.model.predict import ServedModel
from zielzeit.recordings.read import read_boards
from zielzeit.runs.group_keys import group_keys
from zielzeit.settings import load
from zielzeit.stations.table import packaged

BOARDS = ("Frankfurt(Main)Hbf", "Köln Messe/Deutz", "Köln Hbf")
"""The stations of ``ARCHIVE`` as boards spell them."""
EVAS = ("08000105", "08003368", "08000207")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose state knows a train a day over the archive's stations, on 4 to 8 March 2026."""
    state = NetworkState(station_key=str)  # as before November 2026: by spellings
    observe(state, ARCHIVE, range(5))
    return with_network(write_model(tmp_path / "model", growth=1.0), state)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"station": ARCHIVE, "eva": EVAS}), tmp_path / "archive.parquet")
    return tmp_path / "archive.parquet"


def record(folder: Path, begin: datetime) -> None:
    """Two hours of boards of all three stations: an RE and, which the state lacks, an S-Bahn train over all of them."""
    for place, station in enumerate(BOARDS):
        (folder / station).mkdir(parents=True)
        last = place == len(BOARDS) - 1
        for minutes in range(0, 121, 5):
            planned = f"{begin + timedelta(minutes=10 + 20 * place):%H:%M}"
            trains = [
                row(number, None if last else planned, 2, arrival=planned if place else None, train=train,
                    destination=BOARDS[-1], route=list(BOARDS))
                for number, train in (("4711", "RE 7"), ("35301", "S 3"))
            ] * (minutes < 20 * place + 20)  # fmt: skip
            later = row("1", f"{begin + timedelta(hours=4):%H:%M}", route=[station, "Ende"], destination="Ende")
            at = begin + timedelta(minutes=minutes)
            (folder / station / f"{at:%Y%m%dT%H%M}.json").write_bytes(body(*trains, later))


def compared(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["stations", "compare", *map(str, arguments)])


@pytest.mark.parametrize(
    ("begin", "weeks"), [(datetime(2026, 3, 10, 12, tzinfo=BERLIN), 0), (datetime(2025, 9, 2, 12, tzinfo=BERLIN), 27)]
)
def test_features_are_equal_under_both_names(
    tmp_path: Path, model: Path, archive: Path, begin: datetime, weeks: int
) -> None:
    record(tmp_path / "boards", begin)
    file = tmp_path / "figures.json"
    done = compared(tmp_path / "boards", "--archive", archive, "--model", model, "--json", file)
    assert done.exit_code == 0, done.output
    found = json.loads(file.read_bytes())
    assert (found["weeks_later"], found["departures"], found["renamed"]) == (weeks, 2, 1)
    assert found["differ"] == {}
    assert found["lost"]["relation_weight"] == 1
    (skill,) = found["classes"]
    assert (skill["name"], skill["arrived"], skill["persistence"], skill["boards"]) == ("RE", 2, 0.0, 1.0)
    assert (f"{weeks} weeks later" in done.output) == (weeks > 0)
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", ["Frankfurt (Main) Süd", "Nirgendwo"])
def test_a_name_that_alone_means_another_station_is_told_and_not_used(tmp_path: Path, model: Path, name: str) -> None:
    """Archives give parts of a station the name of the whole: the EVA number tells them apart."""
    pq.write_table(pa.table({"station": (name, *ARCHIVE[1:]), "eva": EVAS}), tmp_path / "archive.parquet")
    record(tmp_path / "boards", datetime(2026, 3, 10, 12, tzinfo=BERLIN))
    file = tmp_path / "figures.json"
    done = compared(tmp_path / "boards", "--archive", tmp_path, "--model", model, "--json", file)
    assert done.exit_code == 0, done.output
    found = json.loads(file.read_bytes())
    assert (found["renamed"], found["ambiguous"], found["differ"]) == (0, {name: 1}, {})
    assert f"{name} 1" in done.output


def test_the_comparison_finds_features_that_differ(tmp_path: Path) -> None:
    """A register that finds the archive's name when it is first asked, and later another station, is found out."""
    state = NetworkState()
    observe(state, ARCHIVE, range(5))
    (tmp_path / "network.bin").write_bytes(state.to_bytes())
    record(tmp_path / "boards", datetime(2026, 3, 10, 12, tzinfo=BERLIN))
    key = key_names.packaged_keys()
    decided = (one for _, _, one in decide(read_boards([tmp_path / "boards"]), Decider.of(load())))
    messages = list(followed(decided, group_keys(packaged())))
    asked = count()

    def forgetful(name: str) -> str:
        return f"{key(name)}?" if name == ARCHIVE[0] and next(asked) else key(name)

    served = ServedModel(network=tmp_path / "network.bin")
    found = served_names.compare(messages, served, forgetful, {key(ARCHIVE[0]): ARCHIVE[0]}, frozenset(["RE"]))
    assert found.renamed == 1
    assert found.differ["relation_weight"] == 1


def test_a_model_without_state_is_refused(tmp_path: Path, archive: Path) -> None:
    record(tmp_path / "boards", datetime(2026, 3, 10, 12, tzinfo=BERLIN))
    done = compared(tmp_path / "boards", "--archive", archive, "--model", write_model(tmp_path / "bare", growth=0.0))
    assert isinstance(done.exception, UserError)
    assert "no state of the network" in str(done.exception)


@pytest.mark.parametrize("seconds", [0, 1, 3600, 7 * 86400 - 1, 7 * 86400, 30 * 86400])
def test_boards_are_moved_by_the_fewest_weeks(seconds: int) -> None:
    first = datetime(2025, 9, 2, 16, tzinfo=BERLIN)
    known = first + timedelta(seconds=seconds)
    weeks = redate.weeks_until(first, known)
    assert first + weeks * redate.WEEK > known >= first + (weeks - 1) * redate.WEEK
    assert redate.weeks_until(known + timedelta(seconds=1), known) == 0

"""Boards of two stations lead to outcomes without Flink, whichever way the stations are asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from cli.app import build
from tests.decision.handmade import at, body, row
from tests.features.railway import decision, planned
from tests.features.test_key_names import observe
from tests.model.model_folders import write_model
from zielzeit import berlin_time
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.errors import UserError
from zielzeit.evaluation.outcomes import followed, labelled
from zielzeit.events.structs import Outcome
from zielzeit.features.key_names import station_keys
from zielzeit.features.network_state import NetworkState
from zielzeit.model.predict import ServedModel
from zielzeit.recordings.read import read_boards
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import Departure, Ending
from zielzeit.settings import load
from zielzeit.stations.table import packaged

ROUTE = ["Anfang", "Mitte", "Musterstadt Hbf (tief)"]


def record(folder: Path, train: str = "S 3") -> None:
    """Boards of every five minutes from 12:00 to 13:30, of the start and of the end of a train."""
    here = folder.name.startswith(("Anfang", "8999998"))
    for minutes in range(0, 91, 5):
        moment = berlin_time.datetime_of(at("12:00")) + timedelta(minutes=minutes)
        shown_as = {"train": train, "destination": ROUTE[-1], "route": ROUTE}
        shown = (
            [row("35301", "12:05", 2, **shown_as)] * (minutes < 15)  # type: ignore[arg-type]
            if here
            else [row("35301", None, 4, arrival="12:35", **shown_as)] * (minutes < 50)  # type: ignore[arg-type]
        )
        others = [row("1", "14:00", route=["Anfang" if here else "Musterstadt Hbf", "Ende"])]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{moment:%Y%m%dT%H%M}.json").write_bytes(body(*shown, *others))


def found_in(output: str) -> list[Outcome]:
    return [msgspec.json.decode(line, type=Outcome) for line in output.splitlines() if line.startswith("{")]


def decided(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["decide", *map(str, arguments)])


@pytest.mark.parametrize(
    ("start", "end"),
    [("Anfang", "Musterstadt Hbf"), ("8999998", "8999999"), ("Anfang", "musterstadt hauptbahnhof (tief)")],
)
def test_a_train_that_reaches_its_destination_arrived(tmp_path: Path, start: str, end: str) -> None:
    for name in (start, end):
        record(tmp_path / name)
    done = decided("--outcomes", tmp_path / start, tmp_path / end)
    assert done.exit_code == 0, done.output
    assert [(one.prediction.number, one.status, one.observed_delay, one.reason) for one in found_in(done.stdout)] == [
        ("35301", "arrived", 4, None)
    ]


def test_a_train_whose_destination_nobody_watches_is_unlabelled(tmp_path: Path) -> None:
    record(tmp_path / "Anfang")
    (found,) = found_in(decided("--outcomes", tmp_path / "Anfang").stdout)
    assert (found.status, found.reason) == ("unlabelled", "not-seen")


def test_a_models_predictions_and_their_outcomes(tmp_path: Path) -> None:
    for name in ("Anfang", "Musterstadt Hbf"):
        record(tmp_path / name)
    folder = write_model(tmp_path / "model", growth=3.0)
    done = decided("--outcomes", "--model", folder, tmp_path / "Anfang", tmp_path / "Musterstadt Hbf")
    (found,) = found_in(done.stdout)
    assert (found.prediction.delay, found.prediction.predicted_delay, found.observed_delay) == (2, 5.0, 4)
    assert (found.prediction.model_name, found.prediction.model_version) == (str(folder), "")


def test_a_model_begins_with_the_network_that_its_history_knew(tmp_path: Path) -> None:
    """It was learnt under an archive's spelling. Without a state the relation is unknown."""
    paths = [tmp_path / "Anfang", tmp_path / "Musterstadt Hbf"]
    for path in paths:
        record(path, train="RE 7")
    state = NetworkState()
    observe(state, ("ANFANG", "Mitte", "Musterstadt Hauptbahnhof (tief)"), range(5))
    register = packaged()
    boards = [one for _, _, one in decide(read_boards(paths), Decider.of(load()))]
    (tmp_path / "network.bin").write_bytes(state.to_bytes())

    def weight(served: ServedModel) -> float | None:
        ((_, example),) = labelled(followed(boards, group_keys(register)), station_keys(register), served)
        return example.features["relation_weight"]

    assert weight(ServedModel(network=tmp_path / "network.bin")) == pytest.approx(2.3, abs=1)
    assert weight(ServedModel()) == 0


def test_a_model_that_does_not_exist_is_said_in_a_sentence(tmp_path: Path) -> None:
    record(tmp_path / "Anfang")
    for name in ("models:/nobody/1", "models:/nobody@champion", "runs:/nothing/model", "nowhere"):
        registry = f"sqlite:///{tmp_path}/registry.db"
        done = decided("--outcomes", "--model", name, "--mlflow-uri", registry, tmp_path / "Anfang")
        assert isinstance(done.exception, UserError)
        assert name in str(done.exception)


def test_a_model_without_outcomes_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "Anfang")
    done = decided("--model", tmp_path, tmp_path / "Anfang")
    assert isinstance(done.exception, UserError)
    assert "--outcomes" in str(done.exception)


def test_a_departure_is_told_after_thousands_of_trains_of_which_nothing_is() -> None:
    trains = [planned("A", 0, number=str(number)) for number in range(2_500)]
    told = list(followed([*trains, decision("A", 60)], group_keys(packaged())))
    assert [(one.train, type(one.message)) for one in told] == [("RE 4711", Departure), ("RE 4711", Ending)]

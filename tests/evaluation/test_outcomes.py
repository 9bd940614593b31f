"""Boards of two stations lead to outcomes without Flink, whichever way the stations are asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cli.app import build
from tests.decision.handmade import at, body, row
from zielzeit import berlin_time
from zielzeit.events.structs import Outcome

ROUTE = ["Anfang", "Mitte", "Musterstadt Hbf (tief)"]


def record(folder: Path) -> None:
    """Boards of every five minutes from 12:00 to 13:30, of the start and of the end of a train."""
    here = folder.name.startswith(("Anfang", "8999998"))
    for minutes in range(0, 91, 5):
        moment = berlin_time.datetime_of(at("12:00")) + timedelta(minutes=minutes)
        train = {"train": "S 3", "destination": ROUTE[-1], "route": ROUTE}
        shown = (
            [row("35301", "12:05", 2, **train)] * (minutes < 15)  # type: ignore[arg-type]
            if here
            else [row("35301", None, 4, arrival="12:35", **train)] * (minutes < 50)  # type: ignore[arg-type]
        )
        others = [row("1", "14:00", route=["Anfang" if here else "Musterstadt Hbf", "Ende"])]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{moment:%Y%m%dT%H%M}.json").write_bytes(body(*shown, *others))


@pytest.mark.parametrize(
    ("start", "end"),
    [("Anfang", "Musterstadt Hbf"), ("8999998", "8999999"), ("Anfang", "musterstadt hauptbahnhof (tief)")],
)
def test_a_train_that_reaches_its_destination_arrived(tmp_path: Path, start: str, end: str) -> None:
    for name in (start, end):
        record(tmp_path / name)
    done = CliRunner().invoke(build(), ["decide", "--outcomes", str(tmp_path / start), str(tmp_path / end)])
    assert done.exit_code == 0, done.output
    found = [msgspec.json.decode(line, type=Outcome) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [(one.prediction.number, one.status, one.observed_delay, one.reason) for one in found] == [
        ("35301", "arrived", 4, None)
    ]


def test_a_train_whose_destination_nobody_watches_is_unlabelled(tmp_path: Path) -> None:
    record(tmp_path / "Anfang")
    done = CliRunner().invoke(build(), ["decide", "--outcomes", str(tmp_path / "Anfang")])
    (found,) = [msgspec.json.decode(line, type=Outcome) for line in done.stdout.splitlines() if line.startswith("{")]
    assert (found.status, found.reason) == ("unlabelled", "not-seen")

"""Every table of a command fits into 80 characters without a cut word or a figure in two lines."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import stack, training
from cli.app import build
from deploy.cluster.job_status import JobStatus
from deploy.local.stack import Status
from tests.lake.handmade import put
from zielzeit.berlin_time import BERLIN
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World
from zielzeit.terminal_table import show


@pytest.fixture(autouse=True, params=[80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def whole(text: str, width: int) -> list[str]:
    """The lines, none of them too long, none with a cut word."""
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.rstrip().endswith("…") for line in lines)
    return lines


def test_the_status_of_the_stack(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    name, address = "taskmanager-store", "http://127.0.0.1:8081"
    status = Status(
        name=name, part="store", state="restarting", pid=1234567, uptime_seconds=4e5, restarts=12, address=address
    )
    show(stack._COLUMNS, stack._rows([status]))
    lines = whole(capsys.readouterr().out, width)
    assert lines[1].split()[:2] == [name, "restarting"]
    assert lines[1].rstrip().endswith(address)
    assert len(lines) == (2 if width == 120 else 3), "a program is a line, and what is not shown is told"


@pytest.mark.parametrize("prefix", ["", "test."])
def test_the_states_of_the_jobs(width: int, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = f"./zielzeit store --flink-rest http://127.0.0.1:8081 --topic-prefix {prefix} --resume latest"
    common = {"name": f"{prefix}zielzeit-store", "job_id": "a" * 32, "since": time.time() - 4e5, "restarts": 1234}
    cause = "org.apache.kafka.common.errors.TimeoutException: Timeout expired while fetching topic metadata"
    stack._show_jobs(
        [
            JobStatus(**common, state="running"),
            JobStatus(**common, state="restarting", cause=cause),
            JobStatus(**common, state="failed", cause=cause, command=command),
            JobStatus(**common, state="gone", command=command),
        ]
    )
    lines = whole(capsys.readouterr().out, width)
    assert [line.split()[1:4] for line in lines[2:6]] == [
        [state, "4", "days,"] for state in ("running", "restarting", "failed", "gone")
    ]
    assert ("a" * 32 in lines[2]) is (width == 120)
    assert " ".join(lines).count("--resume latest`") == 2


def test_the_measures_of_a_model(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("mae", "mae_persistence", "skill", "rmse", "coverage", "width")
    figures = {"n": 13_600_000, **dict.fromkeys(names, 1115.812)}
    training._print_table({"long_distance": figures, "RE": figures})
    lines = whole(capsys.readouterr().out, width)
    assert lines[1].split()[:4] == ["long_distance", "13,600,000", "1,115.812", "1,115.812"]
    assert lines[2].startswith("RE ")


def test_decisions_beside_the_truth(width: int, tmp_path: Path) -> None:
    boards, truth = tmp_path / "boards.jsonl", tmp_path / "truth.jsonl"
    recording.record(
        World(timetable.build(5, seed=1)),
        boards,
        start=datetime(2026, 3, 10, 7, tzinfo=BERLIN),
        hours=2,
        faults=Faults.parse("none", 1),
        truth_file=truth,
    )
    done = CliRunner().invoke(build(), ["decide", str(boards), "--truth", str(truth)], env={"COLUMNS": str(width)})
    assert done.exit_code == 0, done.output
    tables = done.stdout.split("Minutes from")[0]
    lines = whole(tables, width)
    (every,) = [line for line in lines if line.startswith("all") and "decided" in line]
    header = lines[next(number for number, line in enumerate(lines) if line.startswith("group"))]
    assert every.split()[2].isdigit()
    assert ("95 %" in header) is (width == 120)


def test_the_tables_of_the_lake(width: int, tmp_path: Path) -> None:
    for day in ("2026-03-10", "2026-03-12"):
        put(tmp_path, "outcomes", day, "part-x-0-0", [{"id": "1", "predicted_delay": 4.0, "observed_delay": 6}])
    arguments = ["lake", "--lake", str(tmp_path)]
    done = CliRunner().invoke(build(), arguments, env={"COLUMNS": str(width)})
    assert done.exit_code == 0, done.output
    lines = whole(done.stdout, width)
    (outcomes,) = [line for line in lines if line.startswith("outcomes")]
    assert outcomes.split()[:4] == ["outcomes", "2", "2026-03-10", "2026-03-12"]
    assert whole(CliRunner().invoke(build(), [*arguments, "--days"], env={"COLUMNS": str(width)}).stdout, width)

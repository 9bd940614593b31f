"""``stack status``: its exit code is 0 only if every program is up and every job runs that should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cli.app import build
from deploy.cluster import submissions
from deploy.cluster.job_description import PREDICT
from deploy.local.stack import Stack, State, Status
from tests.deploy.cluster.fake_flink import FakeFlink, serving
from zielzeit.settings import Settings

PROGRAMS = ("kafka", "mlflow", "zookeeper", "jobmanager", "taskmanager-1")


def stack_with(monkeypatch: pytest.MonkeyPatch, **states: State) -> None:
    """Let the stack report these programs; all others of it are up."""
    statuses = [
        Status(
            name=name,
            part="",
            state=states.get(name, "up"),
            pid=1,
            uptime_seconds=9.0,
            restarts=0,
            address=f"at {name}",
        )
        for name in PROGRAMS
    ]
    monkeypatch.setattr(Stack, "status", lambda _: statuses)


def status(settings: Settings, *arguments: str) -> tuple[int, str]:
    environment = {
        "ZIELZEIT_LOCAL_DIR": str(settings.local_dir),
        "ZIELZEIT_FLINK_REST": settings.flink_rest,
        "COLUMNS": "200",
    }
    done = CliRunner().invoke(build(), ["stack", "status", *arguments], env=environment)
    return done.exit_code, done.output + str(done.exception or "")


def test_all_is_well_if_all_programs_and_jobs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_with(monkeypatch)
    with serving(tmp_path) as (flink, settings):
        code, output = status(settings)
        assert (code, "No job runs" in output) == (0, True)
        flink.add("a", "zielzeit", "RUNNING", "RUNNING")
        code, output = status(settings)
        assert (code, output.split()[-6:-5]) == (0, ["zielzeit"])
        told = msgspec.json.decode(status(settings, "--json")[1])
        assert [(job["name"], job["state"]) for job in told["jobs"]] == [("zielzeit", "running")]
        assert [program["name"] for program in told["programs"]] == list(PROGRAMS)


@pytest.mark.parametrize(("program", "state"), [("zookeeper", "restarting"), ("kafka", "given up"), ("mlflow", "down")])
def test_a_program_that_is_not_up_is_trouble_though_the_jobs_run(
    program: str, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack_with(monkeypatch, **{program: state})
    with serving(tmp_path) as (flink, settings):
        flink.add("a", "zielzeit", "RUNNING", "RUNNING")
        code, output = status(settings)
    assert code == 1
    assert state in output
    assert "running" in output


def _restarts(flink: FakeFlink, _: Settings) -> None:
    flink.add("a", "zielzeit", "RESTARTING", "CANCELED", failures=(10, 70))


def _failed(flink: FakeFlink, _: Settings) -> None:
    flink.add("a", "zielzeit", "FAILED", "FAILED", failures=(10,))


def _gone(_: FakeFlink, settings: Settings) -> None:
    submissions.note(settings, PREDICT, "a")


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (_restarts, "zielzeit restarts: IOException: broker away"),
        (_failed, "zielzeit failed: IOException: broker away. Go on with `./zielzeit submit --resume latest`."),
        (_gone, "zielzeit: no job. The last one that was submitted is gone"),
    ],
    ids=["restarts", "failed", "gone"],
)
def test_a_job_that_does_not_run_is_trouble_though_the_programs_do(
    happened: Callable[[FakeFlink, Settings], None], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack_with(monkeypatch)
    with serving(tmp_path) as (flink, settings):
        happened(flink, settings)
        code, output = status(settings)
    assert code == 1
    assert told in " ".join(output.split())


def test_without_a_job_manager_its_jobs_are_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_with(monkeypatch, jobmanager="restarting")
    with serving(tmp_path) as (_, settings):
        pass
    code, output = status(settings)
    assert (code, "restarting" in output, "No job runs" in output) == (1, True, False)


def test_a_cluster_that_is_about_to_choose_its_job_manager_is_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack_with(monkeypatch)
    with serving(tmp_path) as (flink, settings):
        flink.unavailable = "Service temporarily unavailable due to an ongoing leader election. Please refresh."
        code, output = status(settings)
    assert code not in (0, None)
    assert "at taskmanager-1" in output, "the programs are told nevertheless"
    assert "ongoing leader election" in output

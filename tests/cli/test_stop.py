"""``stop`` prints where the state lies and the command that goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.app import build
from tests.deploy.cluster.fake_flink import serving


def run(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(build(), ["stop", *arguments], env={"ZIELZEIT_LOCAL_DIR": str(folder), "COLUMNS": "200"})


def test_the_savepoint_and_the_command_that_goes_on_from_it_are_printed(tmp_path: Path) -> None:
    with serving(tmp_path) as (flink, settings):
        flink.add("a", "test.zielzeit-store", "RUNNING", "RUNNING")
        where = ("--flink-rest", settings.flink_rest, "--topic-prefix", "test.")
        done = run(tmp_path, "store", *where)
        assert done.exit_code == 0, done.output
        assert done.stdout.splitlines() == [
            "job a test.zielzeit-store is stopped; its savepoint: file:/savepoints/1",
            f"To go on from there: ./zielzeit store {' '.join(where)} --resume file:/savepoints/1",
        ]
        assert "No job test.zielzeit-store is on the cluster" in run(tmp_path, "store", *where).stdout


def test_a_cancelled_job_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    with serving(tmp_path) as (flink, settings):
        flink.add("a", "zielzeit", "RESTARTING", "FAILED")
        done = run(tmp_path, "--without-savepoint", "--flink-rest", settings.flink_rest)
        assert "job a zielzeit is cancelled" in done.stdout
        assert f"./zielzeit submit --flink-rest {settings.flink_rest} --resume latest" in done.stdout

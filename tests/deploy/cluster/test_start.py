"""Every job takes the same way to the cluster: its own settings, room for it, topics, then its submission."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster import start as starting
from deploy.cluster.job_description import PREDICT, STORE, JobDescription
from deploy.cluster.start import start
from zielzeit.settings import Settings, load


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is done, in order, on a full local cluster; nothing of it is real."""
    steps: list[tuple[str, Any]] = []

    def note(what: str, result: object = None) -> Callable[..., Any]:
        return lambda *arguments, **_: steps.append((what, arguments)) or result

    class Stack:
        def __init__(self, settings: Settings) -> None:
            self.has = lambda part: part == "flink"
            self.up = note("up")

    monkeypatch.setattr(starting, "Stack", Stack)
    monkeypatch.setattr(starting.jobs, "free_slots", lambda _: 0)
    monkeypatch.setattr(starting.jobs, "await_slots", note("await slots"))
    monkeypatch.setattr(starting, "ensure_topics", note("topics"))
    monkeypatch.setattr(starting, "latest_checkpoint", note("look for a checkpoint", "file:/chk-7"))
    monkeypatch.setattr(starting, "submit", note("submit", "id"))
    return steps


@pytest.mark.parametrize(
    ("job", "steps", "group"),
    [
        (PREDICT, ["topics", "submit"], "zielzeit"),
        (STORE, ["up", "await slots", "topics", "submit"], "zielzeit-store"),
    ],
)
def test_a_job_is_submitted_with_its_own_settings_once_there_is_room(
    done: list[tuple[str, Any]], tmp_path: Path, job: JobDescription, steps: list[str], group: str
) -> None:
    assert start(job, load(local_dir=tmp_path)) == "id"
    assert [what for what, _ in done] == steps
    settings, submitted = done[-1][1]
    assert (settings.group_id, submitted) == (group, job)


def test_nothing_is_started_for_a_cluster_elsewhere(done: list[tuple[str, Any]], tmp_path: Path) -> None:
    start(STORE, load(local_dir=tmp_path, flink_rest="https://flink.example"))
    assert "up" not in [what for what, _ in done]


def test_latest_is_looked_up_and_any_other_checkpoint_is_taken_as_it_is(
    done: list[tuple[str, Any]], tmp_path: Path
) -> None:
    start(PREDICT, load(local_dir=tmp_path), resume="s3://bucket/chk-1")
    assert "look for a checkpoint" not in [what for what, _ in done]
    start(PREDICT, load(local_dir=tmp_path), resume="latest")
    assert "look for a checkpoint" in [what for what, _ in done]

"""Every job takes the same way to the cluster: its own settings, room for it, topics, then its submission."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.cluster import start as starting
from deploy.cluster import submissions
from deploy.cluster.job_description import PREDICT, STORE, JobDescription
from deploy.cluster.start import start
from tests.deploy.cluster.fake_flink import FakeFlink
from zielzeit.errors import UserError
from zielzeit.settings import Settings, load

SAVEPOINT = "file:/savepoints/savepoint-aaaaaa-1"

_named = starting.jobs.named
"""The real function: ``done`` puts one in its place that knows no jobs."""


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
    monkeypatch.setattr(starting.jobs, "named", lambda *_: [])
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


@pytest.mark.parametrize(
    ("wrote", "reads", "refused"),
    [
        ("hashmap", "rocksdb", True),
        ("rocksdb", "hashmap", True),
        ("rocksdb", "rocksdb", False),
        ("", "rocksdb", True),
        ("", "hashmap", False),
    ],
)
def test_a_checkpoint_of_another_state_backend_is_refused_and_a_savepoint_is_not(
    done: list[tuple[str, Any]], tmp_path: Path, wrote: str, reads: str, *, refused: bool
) -> None:
    checkpoint = _submitted(STORE, tmp_path, wrote)
    settings = load(local_dir=tmp_path, state_backend=reads)
    if refused:
        setting = f"ZIELZEIT_STATE_BACKEND={wrote or 'hashmap'}"
        with pytest.raises(UserError, match=rf"written with {setting}.*/zielzeit stop"):
            start(STORE, settings, resume=checkpoint)
        assert done == []
    else:
        start(STORE, settings, resume=checkpoint)
    for savepoint in ("file:/savepoints/savepoint-1", SAVEPOINT):
        start(STORE, settings, resume=savepoint)
        assert done.pop()[0] == "submit"


def test_what_an_older_version_of_the_main_job_wrote_is_refused(done: list[tuple[str, Any]], tmp_path: Path) -> None:
    settings = load(local_dir=tmp_path)
    for snapshot in (_submitted(PREDICT, tmp_path, ""), SAVEPOINT):
        with pytest.raises(UserError, match=rf"{snapshot} is of an older version.* without --resume"):
            start(PREDICT, settings, resume=snapshot)
    assert done == []


def test_what_a_newer_version_of_the_main_job_wrote_is_refused(done: list[tuple[str, Any]], tmp_path: Path) -> None:
    newer = msgspec.structs.replace(PREDICT, state_format=PREDICT.state_format + 1)
    with pytest.raises(UserError, match=r"is of a newer version.* without --resume"):
        start(PREDICT, load(local_dir=tmp_path), resume=_submitted(newer, tmp_path, "rocksdb"))
    assert done == []


@pytest.mark.parametrize(("began", "resumed"), [("archive", "group-offsets"), ("group-offsets", "archive")])
@pytest.mark.parametrize("snapshot", [SAVEPOINT, f"file:/checkpoints/{'a' * 32}/chk-7"])
def test_a_job_that_began_with_the_archive_goes_on_with_it_and_no_other_does(
    done: list[tuple[str, Any]], tmp_path: Path, began: str, resumed: str, snapshot: str
) -> None:
    submissions.note(load(local_dir=tmp_path, start_from=began), PREDICT, "a" * 32)
    submissions.note_end(load(local_dir=tmp_path), "a" * 32, SAVEPOINT)
    flags = "--start-from archive " if began == "archive" else ""
    with pytest.raises(UserError, match=rf"`./zielzeit submit {flags}--resume {snapshot}`"):
        start(PREDICT, load(local_dir=tmp_path, start_from=resumed), resume=snapshot)
    assert done == []
    start(PREDICT, load(local_dir=tmp_path, start_from=began), resume=snapshot)
    assert done.pop()[0] == "submit"


def _submitted(job: JobDescription, folder: Path, backend: str) -> str:
    """Note a job that ended with ``SAVEPOINT``; return its checkpoint's URI. An older version's backend is empty."""
    job_id = "a" * 32
    settings = load(local_dir=folder, state_backend=backend or "hashmap")
    submissions.note(settings, job, job_id)
    submissions.note_end(settings, job_id, SAVEPOINT)
    if not backend:  # nor did it note the form of the state
        (entry,) = folder.glob(f"flink/submitted/*/{job_id}")
        noted = msgspec.json.decode(entry.read_bytes())
        del noted["state_backend"], noted["state_format"]
        entry.write_bytes(msgspec.json.encode(noted))
    return f"file:/checkpoints/{job_id}/chk-7"


@pytest.mark.parametrize("state", ["INITIALIZING", "RUNNING", "RESTARTING"])
@pytest.mark.parametrize(("job", "stop"), [(PREDICT, "stop"), (STORE, "stop store")])
def test_a_second_job_of_the_name_is_refused_with_the_command_that_stops_the_first(
    cluster: tuple[FakeFlink, Settings], job: JobDescription, stop: str, state: str
) -> None:
    flink, settings = cluster
    flink.add("a", job.name(settings), state)
    sentence = (
        rf"{job.title} {job.name(settings)} is on the cluster .* already \({state.lower()}, id a\), "
        rf".* would double every .*: stop it first with `./zielzeit {stop} --flink-rest {settings.flink_rest}`$"
    )
    with pytest.raises(UserError, match=sentence):
        start(job, settings, resume="file:/savepoint")


def test_jobs_of_other_topics_and_jobs_that_have_ended_are_no_hindrance(
    cluster: tuple[FakeFlink, Settings], done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    flink, settings = cluster
    monkeypatch.setattr(starting.jobs, "named", _named)
    for number, (name, state) in enumerate([("test.zielzeit", "RUNNING"), ("zielzeit", "FAILED")]):
        flink.add(str(number), name, state)
    assert start(PREDICT, settings) == "id"


def test_of_two_that_were_submitted_elsewhere_at_one_moment_the_later_is_withdrawn(
    cluster: tuple[FakeFlink, Settings], done: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    flink, settings = cluster
    monkeypatch.setattr(starting.jobs, "named", _named)

    def submitted(*_: object, **__: object) -> str:
        for job_id in order:
            flink.add(job_id, "zielzeit", "RUNNING", "RUNNING")
        return "ours"

    monkeypatch.setattr(starting, "submit", submitted)
    order = ["theirs", "ours"]
    with pytest.raises(UserError, match=r"id theirs\), and a second one"):
        start(PREDICT, settings)
    assert {job_id: job["state"] for job_id, job in flink.jobs.items()} == {"theirs": "RUNNING", "ours": "CANCELED"}
    flink.jobs.clear()
    order.reverse()
    assert start(PREDICT, settings) == "ours"


def test_two_submissions_at_one_moment_are_told_apart(done: list[tuple[str, Any]], tmp_path: Path) -> None:
    settings = load(local_dir=tmp_path)
    with submissions.alone(settings, PREDICT):
        with pytest.raises(UserError, match=r"another `./zielzeit submit` is submitting the job zielzeit"):
            start(PREDICT, settings)
        start(STORE, settings)
    start(PREDICT, settings)
    assert [what for what, _ in done].count("submit") == 2

"""The job's archive holds what runs on the cluster, and a changed one is told."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploy.cluster import submit as submission
from deploy.cluster.job_description import PREDICT, STORE
from zielzeit import settings
from zielzeit.errors import UserError


def test_changed_code_is_warned_of_for_thread_mode_keeps_old_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The client is the one thing that is not real here: a cluster is not needed to compare two archives.
    answer = CompletedProcess([], 0, stdout=f"Job has been submitted with JobID {'a' * 32}", stderr="")
    monkeypatch.setattr(submission, "flink_run", lambda *_: answer)
    config = settings.load(local_dir=tmp_path)
    archive = tmp_path / "flink" / "zielzeit-job.zip"
    with caplog.at_level(logging.WARNING):
        assert submission.submit(config) == "a" * 32
        submission.submit(config)
        assert not caplog.messages
        with zipfile.ZipFile(archive, "a") as bundle:
            bundle.writestr("udfs/of_another_version.py", "")
        submission.submit(config)
    assert "keep the old modules" in caplog.text


def test_a_client_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CompletedProcess([], 1, stdout="", stderr="noise\nCaused by: java.net.ConnectException: refused\n")
    monkeypatch.setattr(submission, "flink_run", lambda *_: answer)
    with pytest.raises(UserError, match=r"refused the job: Caused by: java\.net\.ConnectException: refused"):
        submission.submit(settings.load(local_dir=tmp_path))


def test_without_a_checkpoint_resuming_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="submit without --resume"):
        submission.latest_checkpoint(settings.load(local_dir=tmp_path))


def test_a_job_goes_on_from_a_checkpoint_of_its_own_and_not_from_another_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings.load(local_dir=tmp_path)
    for description, job in ((PREDICT, "a" * 32), (STORE, "b" * 32)):
        answer = CompletedProcess([], 0, stdout=f"Job has been submitted with JobID {job}", stderr="")
        monkeypatch.setattr(submission, "flink_run", lambda *_, answer=answer: answer)
        submission.submit(config, description)
        done = tmp_path / "flink" / "checkpoints" / job / "chk-1"
        done.mkdir(parents=True)
        (done / "_metadata").touch()
    assert submission.latest_checkpoint(config).endswith(f"{'a' * 32}/chk-1")
    assert submission.latest_checkpoint(config, STORE).endswith(f"{'b' * 32}/chk-1")


def test_checkpoints_of_submissions_that_were_entered_as_empty_files_are_found(tmp_path: Path) -> None:
    entry = tmp_path / "flink" / "submitted" / "flink_jobs.predict" / ("a" * 32)
    done = tmp_path / "flink" / "checkpoints" / entry.name / "chk-1"
    for folder in (entry.parent, done):
        folder.mkdir(parents=True)
    entry.touch()
    (done / "_metadata").touch()
    assert submission.latest_checkpoint(settings.load(local_dir=tmp_path)) == done.as_uri()

"""The crontab and systemd's units are those of the routines, and systemd takes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.schedules import files
from deploy.schedules.routines import NO_CHANGE, ROUTINES
from zielzeit.settings import ROOT

DAILY = [routine for routine in ROUTINES if routine.at is not None]
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


def test_the_committed_files_are_those_of_the_routines() -> None:
    wanted = files.files()
    assert {name: (files.FOLDER / name).read_text() for name in wanted} == wanted, "python -m deploy.schedules.files"
    kinds = {".service", ".timer", ".cron"}
    assert {path.name for path in files.FOLDER.iterdir() if path.suffix in kinds} == set(wanted)


def test_the_crontab_starts_each_daily_routine_once_at_its_time() -> None:
    lines = [line for line in files.files()[files.CRONTAB].splitlines() if re.match(r"[\d*]", line)]
    assert len(lines) == len(DAILY)
    for line, routine in zip(lines, DAILY, strict=True):
        assert routine.at is not None
        minute, hour, *rest = line.split(maxsplit=5)
        assert (int(minute), int(hour), rest[:3]) == (routine.at.minute, routine.at.hour, ["*"] * 3)
        assert all(step.arguments[0] in rest[3] for step in routine.steps)
        assert "%" not in line, "cron makes a new line of it"


def test_a_line_of_the_crontab_runs_its_commands_and_not_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "zielzeit").write_text('#!/bin/sh\necho "$@" >>calls\nexit 3\n')
    (tmp_path / "zielzeit").chmod(0o755)
    (tmp_path / ".local").mkdir()
    crontab = files.files(str(tmp_path))[files.CRONTAB].splitlines()
    (line,) = (line.split(maxsplit=5)[5] for line in crontab if "./zielzeit retrain" in line)
    assert subprocess.run(["sh", "-c", line], check=False).returncode == NO_CHANGE
    calls = (tmp_path / "calls").read_text()
    assert calls == "retrain --examples .local/lake/examples --thresholds training/promotion.toml\n"
    held = f"flock -n {tmp_path}/.local/retrain.lock sh -c '{line}'"
    assert subprocess.run(["sh", "-c", held], check=False).returncode == 1
    assert (tmp_path / "calls").read_text() == calls


@needs_systemd
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    files.write(tmp_path, str(ROOT))
    units = [str(unit) for unit in tmp_path.iterdir() if unit.suffix in (".service", ".timer")]
    assert len(units) == 2 * len(DAILY)
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(tmp_path) in line]) == (0, [])


@needs_systemd
def test_systemd_and_cron_mean_the_same_time() -> None:
    for routine in DAILY:
        (when,) = re.findall("OnCalendar=(.*)", files.files()[f"zielzeit-{routine.name}.timer"])
        done = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"{routine.at:%H:%M}:00 Europe/Berlin" in done.stdout

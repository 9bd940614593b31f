"""Programs that divide the machine's cores among themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from deploy.local import cores


@pytest.mark.parametrize(
    ("machine", "of", "expected"),
    [
        ({0, 1}, 1, [[0, 1]]),
        ({0, 1}, 2, [[0], [1]]),
        ({0, 1}, 3, [[0], [1], [0]]),
        ({2, 3, 4, 7, 9}, 2, [[2, 4, 9], [3, 7]]),
    ],
)
def test_cores_are_divided_and_each_program_has_one(
    machine: set[int], of: int, expected: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: machine)
    assert [cores.share(number, of) for number in range(of)] == expected


@pytest.mark.skipif(shutil.which("taskset") is None, reason="this system has no taskset: programs have all cores")
def test_a_program_and_what_it_starts_use_their_cores_alone() -> None:
    one = min(os.sched_getaffinity(0))
    code = "import os; print(os.sched_getaffinity(0))"
    command = cores.kept_on([one], ["sh", "-c", f"{sys.executable} -c '{code}'"])
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == f"{{{one}}}\n"


def test_without_taskset_a_command_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert cores.kept_on([0], ["java"]) == cores.kept_on([], ["java"]) == ["java"]

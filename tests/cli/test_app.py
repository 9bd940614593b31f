"""The command line is for people: no part of the project starts it as a process, and its errors are sentences."""

from __future__ import annotations

import pytest

from cli import app
from zielzeit.errors import UserError
from zielzeit.settings import ROOT

ROOMS = ("src", "udfs", "flink_jobs", "training", "deploy", "bench")


def test_no_part_calls_the_command_line() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 100
    assert not [file for file in files if "cli.app" in file.read_text()]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UserError("there is no such file"), "zielzeit: there is no such file"),
        (OSError("libgomp.so.1: cannot open shared object file"), "`./zielzeit setup` installs libgomp1"),
    ],
)
def test_what_a_person_can_mend_is_a_sentence(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(app, "build", lambda: fail)
    assert app.main() == 2
    assert message in capsys.readouterr().err


def test_any_other_error_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr(app, "build", lambda: fail)
    with pytest.raises(OSError, match="fire"):
        app.main()

"""Long work is shown as bars on a terminal and as few lines elsewhere; short work leaves nothing behind."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from zielzeit import progress
from zielzeit.progress import SILENT, Shown, counted


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(progress, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def screen(*, terminal: bool, width: int = 80) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=width), out


def test_items_pass_through_and_are_counted(clock: Clock) -> None:
    console, out = screen(terminal=False)
    seen = []
    for item in counted(Shown(console), "boards read", 3000, range(3000)):
        seen.append(item)
        clock.now += 0.01
    assert seen == list(range(3000))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("boards read: 50") and lines[0].endswith(" of 3,000")
    assert 4 <= len(lines) <= 6, "a line every five seconds"
    assert lines[-1] == "✓ boards read: 30 s"


def test_a_short_step_without_a_terminal_prints_nothing(clock: Clock) -> None:
    console, out = screen(terminal=False)
    with Shown(console).step("reading") as step:
        step.say("boards")
        clock.now += 4
        step.advance(7)
    assert out.getvalue() == ""


def test_each_new_detail_is_a_line_where_asked_for(clock: Clock) -> None:
    console, out = screen(terminal=False)
    with Shown(console, every_seconds=0).step("Job") as step:
        for word in ("submitting", "starting", "starting", "running [x]"):
            step.say(word)
        clock.now += 12.4
    assert out.getvalue().splitlines() == ["Job …", "  submitting", "  starting", "  running [x]", "✓ Job: 12 s"]


def test_a_terminal_shows_bars_counts_and_steps_inside_each_other() -> None:
    console, out = screen(terminal=True)
    shown = Shown(console)
    with shown.step("outer"), shown.step("inner", 4000) as inner:
        inner.advance(1000)
        inner.say("half [way]")
    for text in ("outer", "inner", "half [way]", "1,000/4,000"):
        assert text in out.getvalue()
    assert "✓" not in out.getvalue(), "it took no time"


def test_a_long_detail_leaves_the_time_in_sight() -> None:
    console, out = screen(terminal=True)
    parts = [f"taskmanager-{number} starting" for number in range(6)]
    with Shown(console).step("Stack: Kafka, Flink, MLflow") as step:
        step.say(", ".join(parts))
    assert "…" not in out.getvalue()
    assert "0:00:00" in out.getvalue()
    assert all(f"taskmanager-{number}" in out.getvalue() for number in range(6))


def test_a_step_that_fails_is_not_reported_as_done() -> None:
    for terminal in (True, False):
        console, out = screen(terminal=terminal)
        with pytest.raises(ValueError, match="broken"), Shown(console, every_seconds=0).step("Job"):
            raise ValueError("broken")
        assert "✓" not in out.getvalue()


def test_work_reports_to_nobody_by_default() -> None:
    assert list(counted(SILENT, "boards", None, "ab")) == ["a", "b"]

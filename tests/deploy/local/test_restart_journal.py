"""A program that ends now and then is started again; one that keeps ending is given up."""

from __future__ import annotations

from pathlib import Path

from deploy.local.restart_journal import Limiter, Record, read


def test_a_program_may_end_as_often_as_the_limit_within_the_window() -> None:
    limiter = Limiter(limit=3, window_seconds=100.0)
    assert [limiter.ended("kafka", at) for at in (0, 10, 20, 30)] == [False, False, False, True]


def test_ends_that_are_long_ago_do_not_count() -> None:
    limiter = Limiter(limit=3, window_seconds=100.0)
    assert not any(limiter.ended("kafka", at) for at in range(0, 2000, 50))


def test_programs_are_counted_apart() -> None:
    limiter = Limiter(limit=1, window_seconds=100.0)
    assert not limiter.ended("kafka", 0)
    assert not limiter.ended("mlflow", 0)


def test_the_journal_tells_restarts_and_who_was_given_up(tmp_path: Path) -> None:
    journal = tmp_path / "events.log"
    assert read(journal) == {}
    journal.write_text(
        "2026-01-01T00:00:00+00:00 kafka ended unexpectedly; it is restarted\n"
        "2026-01-01T00:00:09+00:00 kafka ended unexpectedly; it is restarted\n"
        "2026-01-01T00:00:10+00:00 mlflow given-up it does not start\n"
    )
    assert read(journal) == {"kafka": Record(2, False), "mlflow": Record(0, True)}

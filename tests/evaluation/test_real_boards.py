"""The decision on recorded boards beside what really happened (../shared/data; skipped where it is absent)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import build
from zielzeit import berlin_time
from zielzeit.boards import parse
from zielzeit.decision.decider import Decider
from zielzeit.decision.rules import Rules
from zielzeit.evaluation import feed_truth
from zielzeit.evaluation.comparison import Comparison
from zielzeit.evaluation.evaluate import compare, evaluate
from zielzeit.evaluation.figures import figures
from zielzeit.evaluation.rebuild_boards import rebuild
from zielzeit.recordings.read import find_boards, read_boards
from zielzeit.settings import ROOT

DATA = ROOT.parent / "shared" / "data"
FEED = DATA / "frankfurt-30s"
FRANKFURT = "Frankfurt(Main)Hbf"
pytestmark = pytest.mark.skipif(not FEED.exists(), reason="no recorded feeds at ../shared/data")


@cache
def compared(folder: str) -> Comparison:
    """A folder of recorded boards beside the truth."""
    recording = find_boards([DATA / "dbf-boards" / folder], FRANKFURT)
    return evaluate(recording, Decider(Rules(), 5), [FEED], FRANKFURT)


@pytest.mark.parametrize("folder", ["frankfurt", "frankfurt-past", "frankfurt-night", "frankfurt-night-past"])
def test_no_departure_is_missed_invented_or_doubled(folder: str) -> None:
    counts = compared(folder).counts
    assert counts["found"] > 80
    assert not {"missed", "invented", "doubled"} & counts.keys()


@pytest.mark.parametrize("folder", ["frankfurt-past", "frankfurt-night-past"])
def test_with_the_past_the_delay_is_exact_and_the_rest_is_corrected(folder: str) -> None:
    delays = figures(compared(folder)).delays["all"]
    assert delays["decided"].exact.value >= 0.92
    assert delays["corrected"].exact.value >= 0.99


@pytest.mark.parametrize("folder", ["frankfurt", "frankfurt-night"])
def test_the_estimate_of_silence_is_nearer_to_the_truth_than_the_last_value(folder: str) -> None:
    delays = figures(compared(folder)).delays["departed"]
    assert delays["estimated"].mean_absolute.value < delays["decided"].mean_absolute.value
    if folder == "frankfurt":  # by night few trains start here, and one collapsed forecast hides the bias
        assert abs(delays["estimated"].bias.value) < abs(delays["decided"].bias.value)


def test_rebuilt_boards_say_what_the_recorded_ones_say() -> None:
    begin, end = (datetime(2024, 10, 30, 16, minute, tzinfo=berlin_time.BERLIN) for minute in (0, 30))
    rebuilt = list(rebuild(FEED, FRANKFURT, begin, end, every=180, past=True))
    recorded = [b for b in read_boards([DATA / "dbf-boards" / "frankfurt-past"]) if begin <= b.polled_at <= end]
    assert len(rebuilt) == len(recorded) == 11
    for one, other in zip(rebuilt, recorded, strict=True):
        ours, theirs = (
            {
                (row.train_number, row.scheduled_departure, row.scheduled_arrival): (
                    row.delay_departure,
                    row.delay_arrival,
                    bool(row.is_cancelled),
                )
                for row in parse.parse(body).rows
            }
            for body in (one.body, other.body)
        )
        assert theirs.items() <= ours.items()


@pytest.mark.slow  # reads a week of 133 stations
@pytest.mark.skipif(not (DATA / "berlin-133").exists(), reason="no Berlin feed at ../shared/data")
def test_no_departure_is_invented_on_sparse_boards_of_many_stations_in_berlin() -> None:
    folder = DATA / "berlin-133"
    only = {
        "Berlin Hbf",
        "Berlin Ostkreuz",
        "Berlin-Lichtenberg",
        "Berlin Westkreuz",
        "Berlin Südkreuz",
        "Bernau(b Berlin)",
    }
    begin, end = (datetime(2025, 9, 3, hour, tzinfo=berlin_time.BERLIN) for hour in (14, 18))
    boards = list(rebuild(folder, None, begin, end, every=900, past=True, only=only))
    assert len({b.station for b in boards}) >= 4
    counts = compare(boards, list(feed_truth.read(folder, None)), Decider(Rules(), 5)).counts
    assert counts["found"] > 500
    assert not {"missed", "invented", "doubled"} & counts.keys()


def test_the_command_shows_a_table_and_writes_json(tmp_path: Path) -> None:
    written = tmp_path / "figures.json"
    boards = str(DATA / "dbf-boards" / "frankfurt-night-past")
    shown = CliRunner().invoke(
        build(), ["decide", boards, "--station", FRANKFURT, "--truth", str(FEED), "--json", str(written)]
    )
    assert shown.exit_code == 0
    assert "found" in shown.output
    assert b'"mean_absolute"' in written.read_bytes()

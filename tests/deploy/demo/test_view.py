"""What the demo shows, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import msgspec
import pytest
from rich.console import Console

from deploy.demo.statistics import DemoStatistics
from deploy.demo.view import (
    COLUMNS,
    Moment,
    early_line,
    head,
    joined,
    outcome_line,
    prediction_line,
    showing,
    table_rows,
)
from tests.deploy.demo.test_statistics import early, outcome, prediction

MOMENT = Moment(simulated=datetime(2026, 3, 10, 7, 30, tzinfo=UTC), speed=60, job="RUNNING", restarts={})


def shown(*, terminal: bool) -> str:
    """Two predictions, one of which came true, as they are shown."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=140, height=30)
    statistics = DemoStatistics()
    with showing(console, {"MLflow": "http://127.0.0.1:5000"}) as view:
        for event in (prediction("a"), prediction("b"), outcome("a", 5)):
            statistics.take(event)
            view.event(event)
        view.refresh(statistics, MOMENT)
    return out.getvalue()


def test_without_a_terminal_each_event_is_a_plain_line() -> None:
    lines = shown(terminal=False).splitlines()
    assert lines[0] == "MLflow: http://127.0.0.1:5000"
    assert lines[1] == "RE 7 left Klarstadt 13:00 (+3) for Moordorf: +4.0, model 3"
    assert lines[3] == "RE 7 from Klarstadt arrived at Moordorf (+5): error 1.0, persistence 2"
    assert "\x1b" not in "".join(lines)


def test_on_a_terminal_counts_table_and_addresses_are_one_picture() -> None:
    picture = shown(terminal=True)
    for text in ("2 predictions", "MAE 1.00 min, persistence 2.00", "Moordorf", "http://127.0.0.1:5000"):
        assert text in picture


def test_hardly_less_than_nothing_is_nothing() -> None:
    early_train = msgspec.structs.replace(prediction("a"), predicted_delay=-0.04, p10=-0.06, p90=0.04)
    assert "+0.0 (P10–P90 -0.1 – +0.0)" in prediction_line(early_train)


def test_the_interval_is_shown_where_the_model_gives_one() -> None:
    sure = msgspec.structs.replace(prediction("a"), p10=1.0, p90=8.5)
    assert "(P10–P90 +1.0 – +8.5)" in prediction_line(sure)


def test_an_early_departure_is_a_dimmed_row_and_a_line_of_its_own() -> None:
    rows = table_rows([prediction("a")], [], [early("b")])
    assert [row[0] for row in rows] == ["[dim]early[/]", "[dim]RE 7[/]", "[dim]decided[/]", "RE 7"]
    assert early_line(early("b")) == "RE 7 is said to have left Klarstadt 13:00 (+3) for Moordorf: +4.0"
    assert early_line(early("b", "retracted")) == "RE 7 has not left Klarstadt after all: cancelled"


def test_a_train_that_did_not_arrive_has_no_error() -> None:
    assert outcome_line(outcome("a", None)) == "RE 7 from Klarstadt to Moordorf: cancelled"


def test_trouble_is_in_the_head() -> None:
    moment = msgspec.structs.replace(MOMENT, job="RESTARTING", restarts={"poller": 2})
    assert head(DemoStatistics(), moment)[-2:] == ["job RESTARTING", "restarted: poller 2×"]


LONG = {"train": "ICE 1234", "station": "Neuklarstadt Hbf", "destination": "Obermoordorf Mitte"}


@pytest.mark.parametrize(
    ("width", "gone"),
    [
        (150, set()),
        (120, {"P10–P90"}),
        (100, {"P10–P90", "arrived"}),
        (80, {"P10–P90", "arrived", "model", "departed", "persist."}),
    ],
)
def test_a_narrow_terminal_shows_fewer_columns_and_every_word_whole(width: int, gone: set[str]) -> None:
    statistics = DemoStatistics()
    for number in range(3):
        told = prediction(str(number))
        told = msgspec.structs.replace(told, p10=-1.2, p90=10.5, **LONG)
        statistics.take(told)
        statistics.take(msgspec.structs.replace(outcome(str(number), 12), prediction=told))
    statistics.boards = 123_456
    lines = screen(statistics, width)
    assert max(map(len, lines)) <= width
    header = next(line for line in lines if line.startswith("train"))
    assert header.split() == [column.title for column in COLUMNS if column.title not in gone]
    rows = [line for line in lines if line.startswith("ICE 1234")]
    assert len(rows) == 6
    assert all(LONG["station"] in row and LONG["destination"] in row for row in rows)
    assert not any("…" in line for line in lines)
    assert any("http://127.0.0.1:8081/#/job/running/" + 32 * "a" in line for line in lines)
    assert any("MAE 8.00 min, persistence 9.00" in line for line in lines)


def screen(statistics: DemoStatistics, width: int) -> list[str]:
    """The lines of a terminal's screen."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, height=30, color_system=None)
    link = f"http://127.0.0.1:8081/#/job/running/{32 * 'a'}"
    with showing(console, {"Flink": link, "Simulator": "http://127.0.0.1:8090/stations.json"}) as view:
        view.refresh(statistics, MOMENT)
    lines = [re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", line).strip("\r ") for line in out.getvalue().splitlines()]
    return lines[len(lines) // 2 :]  # Live draws the last picture twice


def test_columns_do_not_come_and_go_with_the_rows() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=30, color_system=None)
    with showing(console, {}) as view:
        for station in ("Köln", "Neuklarstadt Hbf an der Moor", "Köln"):
            statistics = DemoStatistics()
            statistics.take(msgspec.structs.replace(prediction("a"), station=station, destination="Obermoordorf"))
            view.refresh(statistics, MOMENT)
    headers = [line.split() for line in out.getvalue().splitlines() if "predicted" in line]
    assert len(headers[0]) > len(headers[1]) == len(headers[-1])


def test_the_head_breaks_between_its_parts() -> None:
    assert joined(["one", "two", "three"], 9) == ["one · two", "three"]

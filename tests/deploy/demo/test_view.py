"""What the demo shows, on a terminal and elsewhere."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
from rich.console import Console

from deploy.demo.score import Score
from deploy.demo.view import Moment, head, outcome_line, prediction_line, showing, table
from tests.deploy.demo.test_score import outcome, prediction

MOMENT = Moment(simulated=datetime(2026, 3, 10, 7, 30, tzinfo=UTC), speed=60, job="RUNNING", restarts={})


def shown(*, terminal: bool) -> str:
    """Two predictions, one of which came true, as they are shown."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=140, height=30)
    score = Score()
    with showing(console, {"MLflow": "http://127.0.0.1:5000"}) as view:
        for event in (prediction("a"), prediction("b"), outcome("a", 5)):
            score.take(event)
            view.event(event)
        view.refresh(score, MOMENT)
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


def test_the_interval_is_shown_where_the_model_gives_one() -> None:
    sure = msgspec.structs.replace(prediction("a"), p10=1.0, p90=8.5)
    assert "(P10–P90 +1.0 – +8.5)" in prediction_line(sure)
    assert len(table([sure], [], wide=True).columns) == len(table([sure], [], wide=False).columns) + 1


def test_a_train_that_did_not_arrive_has_no_error() -> None:
    assert outcome_line(outcome("a", None)) == "RE 7 from Klarstadt to Moordorf: cancelled"


def test_trouble_is_in_the_head() -> None:
    moment = msgspec.structs.replace(MOMENT, job="RESTARTING", restarts={"poller": 2})
    assert head(Score(), moment).endswith("job RESTARTING · started again: poller 2×")

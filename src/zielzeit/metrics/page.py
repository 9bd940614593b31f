"""The page ``docs/metrics.md``, made from the lists of metrics; ``python -m zielzeit.metrics.page`` writes it."""

from __future__ import annotations

from collections.abc import Iterable

from zielzeit.metrics.definition import FLINK_OPERATOR, Label, Metric
from zielzeit.metrics.job import JOB
from zielzeit.metrics.poller import POLLER
from zielzeit.settings import ROOT

PAGE = ROOT / "docs" / "metrics.md"

_HEAD = """# Metrics

What the main job and the poller count about themselves. Each metric is defined once, in `src/zielzeit/metrics/`; this
page is made of that by `python -m zielzeit.metrics.page`. Flink's own metrics (checkpoints, watermarks, lag of the
Kafka source, memory) come beside them from the same ports.

Types: a **counter** only grows, and begins at 0 again when its process restarts, as Prometheus's `rate` and `increase`
expect; a restarted job counts what it repeats since its last checkpoint a second time. A **value** is the latest one. A
**histogram** has three names: `…_bucket` counts events by upper bound (label `le`), `…_count` all events, `…_sum` their
values. Means are quotients: the mean time in the model is
`rate(scoring_microseconds_total) / rate(predictions_total)`, and skill 1 less the quotient of the two sums of errors.
There is no gauge, because in thread mode a gauge written in Python crashes the TaskManager that is scraped.

Flink puts the path of groups before a name, labels included; the tables give the whole name. Its reporter replaces
characters in the values of labels unless `metrics.reporter.prometheus.filterLabelValueCharacters` is `false`, as in the
local stack: the bound `+Inf` of a histogram needs that.

All of this is in thread mode, the default. In process mode Beam carries the counts from Python to Flink 2.3.0, and two
things differ. It passes on a counter only once it has counted, so the first increase of a series is none to Prometheus:
the rules need thread mode. And it drops what an operator with side outputs, as `decide` is, counts on a
timer, because PyFlink runs these timers outside of Beam's states (`process_timer` in its `beam_operations`; without
side outputs the next operation pulls the results inside of its own state). So such counts are told with the operator's
next element, a little later.
"""
_JOB = """
## Main job

Prefix of the names: `flink_taskmanager_job_task_operator_zielzeit_`. Beside the labels of the table each series has
Flink's: `job_name`, `operator_name`, `subtask_index`, `tm_id` and others.
"""
_POLLER = """
## Poller

`zielzeit poll` answers at the port `ZIELZEIT_POLL_METRICS_PORT`, path `/metrics`; without that setting it does not.
"""


def page() -> str:
    """Return the page as Markdown."""
    labels = {label.name: label for metric in (*JOB, *POLLER) if metric.operator for label in metric.labels}
    return _HEAD + _JOB + _table(JOB) + "\n### Labels\n\n" + _labels(labels.values()) + _POLLER + _table(POLLER)


def _table(metrics: Iterable[Metric]) -> str:
    rows = [
        "\n| name | operator | type | unit | labels | meaning |\n|---|---|---|---|---|---|\n"
        if any(metric.operator for metric in metrics)
        else "\n| name | type | unit | labels | meaning |\n|---|---|---|---|---|\n"
    ]
    for metric in metrics:
        cells = [f"`{metric.series.removeprefix(FLINK_OPERATOR)}`"]
        cells += [metric.operator] if metric.operator else []
        cells += [metric.type, metric.unit, ", ".join(f"`{label.name}`" for label in metric.labels), metric.meaning]
        rows.append("| " + " | ".join(cells) + " |\n")
    return "".join(rows)


def _labels(labels: Iterable[Label]) -> str:
    rows = ["| label | values | meaning |\n|---|---|---|\n"]
    for label in labels:
        values = ", ".join(f"`{value}`" for value in label.values)
        rows.append(f"| `{label.name}` | {values} | {label.meaning} |\n")
    return "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())

"""Grafana's dashboards, made by Grafana's own SDK: ``python -m deploy.monitoring.dashboards`` writes their JSON.

Whoever only shows them imports the JSON and needs no SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as models
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.monitoring.operations import OPERATIONS
from deploy.monitoring.prediction_quality import PREDICTION_QUALITY
from deploy.monitoring.query import Kind, Query, Row

FOLDER = Path(__file__).parent / "dashboards"

DASHBOARDS: Final = {
    "operations": ("Zielzeit: Operations", "now-3h", OPERATIONS),
    "prediction-quality": ("Zielzeit: Prediction quality", "now-7d", PREDICTION_QUALITY),
}
"""Title, shown period and rows of each dashboard, by the name of its file."""

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_RIGHT, _WRONG = "green", "red"


def text(name: str) -> str:
    """Return the JSON of a dashboard."""
    title, since, rows = DASHBOARDS[name]
    return JSONEncoder(sort_keys=True, indent=1).encode(_dashboard(name, title, since, rows).build()) + "\n"


def _dashboard(name: str, title: str, since: str, rows: Sequence[Row]) -> builders.Dashboard:
    board = (
        builders.Dashboard(title)
        .uid(f"zielzeit-{name}")
        .tags(["zielzeit"])
        .refresh("1m")
        .time(since, "now")
        .timezone(models.TimeZoneBrowser)
        .readonly()
        .with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for row in rows:
        board = board.with_row(builders.Row(row.title))
        for query in row.panels:
            board = board.with_panel(_panel(query))
    return board


def _panel(query: Query) -> Any:
    """Return the panel's builder: the SDK has one class for each kind, without a common one."""
    panel = (
        _KINDS[query.kind](query)
        .title(query.title)
        .description(query.meaning)
        .unit(query.unit)
        .no_value(query.without_data)
        .thresholds(_thresholds(query))
        .datasource(_SOURCE)
        .span(query.width)
        .height(query.height)
    )
    if query.least is not None:
        panel = panel.min(query.least)
    if query.most is not None:
        panel = panel.max(query.most)
    return panel


def _lines(query: Query) -> timeseries.Panel:
    threshold = query.wrong_from is not None or query.wrong_below is not None
    mode = models.GraphThresholdsStyleMode.DASHED if threshold else models.GraphThresholdsStyleMode.OFF
    panel = timeseries.Panel()
    if query.wrong_from is not None:
        # Otherwise a line at 0 has an axis to 100, and the threshold lies on it.
        panel = panel.axis_soft_max(1.2 * query.wrong_from)
    return (
        panel.with_target(_over_time(query))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(mode))
        .show_points(models.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(models.LegendDisplayMode.LIST)
            .placement(models.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
    )


def _areas(query: Query) -> timeseries.Panel:
    return _lines(query).fill_opacity(30).stacking(common.StackingConfig().mode(models.StackingMode.NORMAL).group("A"))


def _number(query: Query) -> stat.Panel:
    return (
        stat.Panel()
        .with_target(_over_time(query))
        .graph_mode(models.BigValueGraphMode.AREA)
        .text_mode(models.BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _bars(query: Query) -> bargauge.Panel:
    return (
        bargauge.Panel()
        .with_target(_now(query))
        .orientation(models.VizOrientation.HORIZONTAL)
        .display_mode(models.BarGaugeDisplayMode.BASIC)
        .value_mode(models.BarGaugeValueMode.TEXT)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _table(query: Query) -> table.Panel:
    labels = [label for label, _ in query.columns]
    order = {label: number for number, label in enumerate(labels)}
    return (
        table.Panel()
        .with_target(_now(query).format(PromQueryFormat.TABLE).legend_format(""))
        .with_transformation(DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": labels}}))
        .with_transformation(
            DataTransformerConfig(
                id_val="organize", options={"indexByName": order, "renameByName": dict(query.columns)}
            )
        )
    )


_KINDS: Final[dict[Kind, Callable[[Query], Any]]] = {
    "lines": _lines,
    "areas": _areas,
    "number": _number,
    "bars": _bars,
    "table": _table,
}


def _over_time(query: Query) -> Dataquery:
    return Dataquery().expr(query.expression).legend_format(query.legend).ref_id("A")


def _now(query: Query) -> Dataquery:
    """A query for one moment, the end of the shown period."""
    return _over_time(query).instant()


def _thresholds(query: Query) -> builders.ThresholdsConfig:
    steps = [Threshold(value=None, color=_RIGHT if query.wrong_below is None else _WRONG)]
    if query.wrong_below is not None:
        steps.append(Threshold(value=query.wrong_below, color=_RIGHT))
    if query.wrong_from is not None:
        steps.append(Threshold(value=query.wrong_from, color=_WRONG))
    return builders.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file in DASHBOARDS:
        (FOLDER / f"{file}.json").write_text(text(file))

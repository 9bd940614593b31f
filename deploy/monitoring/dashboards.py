"""Grafana's dashboards, made by Grafana's own SDK: ``python -m deploy.monitoring.dashboards`` writes their JSON.

Whoever only shows them imports the JSON and needs no SDK.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import TimeZoneBrowser
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.monitoring.queries import OPERATIONS, PREDICTION_QUALITY, Query

FOLDER = Path(__file__).parent / "dashboards"

DASHBOARDS: Final = {
    "operations": ("Zielzeit: Operations", "now-3h", OPERATIONS),
    "prediction-quality": ("Zielzeit: Prediction quality", "now-7d", PREDICTION_QUALITY),
}
"""Title, shown period and queries of each dashboard, by the name of its file."""

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDTH, _HEIGHT = 12, 8
"""Two panels beside each other: Grafana's grid has 24 columns."""


def text(name: str) -> str:
    """Return the JSON of a dashboard."""
    title, since, queries = DASHBOARDS[name]
    return JSONEncoder(sort_keys=True, indent=1).encode(_dashboard(name, title, since, queries).build()) + "\n"


def _dashboard(name: str, title: str, since: str, queries: Sequence[Query]) -> Dashboard:
    board = (
        Dashboard(title)
        .uid(f"zielzeit-{name}")
        .tags(["zielzeit"])
        .refresh("1m")
        .time(since, "now")
        .timezone(TimeZoneBrowser)
        .readonly()
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for query in queries:
        board = board.with_panel(
            Panel()
            .title(query.title)
            .description(query.meaning)
            .unit(query.unit)
            .datasource(_SOURCE)
            .span(_WIDTH)
            .height(_HEIGHT)
            .with_target(Dataquery().expr(query.expression).legend_format(query.legend).ref_id("A"))
        )
    return board


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file in DASHBOARDS:
        (FOLDER / f"{file}.json").write_text(text(file))

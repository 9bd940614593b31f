"""The record of early predictions beside those of the decided departures, from the lake: as they were served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl
import pyarrow.dataset as ds

from zielzeit import topics
from zielzeit.errors import UserError
from zielzeit.evaluation.early_quality import DECIDED_COLUMNS, EARLY_COLUMNS, Pair, by_group, side_by_side
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import DAY
from zielzeit.settings import Settings


def early_record(settings: Settings, first: date, last: date, version: str = "") -> dict[str, Pair]:
    """Return how good early and decided predictions were whose outcomes were known on these days, by class and horizon.

    ``version``: of these, the departures that this version of the model predicted both times; empty: all. Raises
    UserError where there are none.
    """
    lake = Lake.of(settings)
    decided = _read(lake, topics.OUTCOMES, DECIDED_COLUMNS, first, last, version)
    early = _read(lake, topics.EARLY_OUTCOMES, EARLY_COLUMNS, first, last, version)
    both = decided.join(early.select("id").unique(), "id", how="semi") if version else decided
    groups = by_group(side_by_side(both, early))
    if not groups or early.is_empty():
        told = f"early predictions of version {version}" if version else "early predictions"
        raise UserError(
            f"{settings.lake} has no {told} whose trains arrived from {first} to {last}: `zielzeit store` stores them"
        )
    return groups


def _read(lake: Lake, table: str, columns: Sequence[str], first: date, last: date, version: str) -> pl.DataFrame:
    wanted = (ds.field(DAY) >= first) & (ds.field(DAY) <= last)
    if version:
        wanted &= ds.field("model_version") == version
    found = pl.from_arrow(lake.dataset(table).to_table(columns=list(columns), filter=wanted))
    if not isinstance(found, pl.DataFrame):
        raise TypeError(f"{table} is no table")
    return found

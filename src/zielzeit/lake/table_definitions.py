"""The lake's tables: which topics each keeps, its columns, and the field that tells a row's day.

Pure: no files, no Flink.

``LAKE/<table>/day=YYYY-MM-DD/<file>``. Columns follow from the structs of the events and bear their fields' names;
``docs/data.md`` lists them with their meanings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pyarrow as pa

from zielzeit import topics
from zielzeit.boards.record import HEADERS, StoredBoard
from zielzeit.errors import UserError
from zielzeit.events.structs import Decision, EarlyOutcome, Example, Outcome, Prediction
from zielzeit.features.definition import FEATURES
from zielzeit.lake.columns import Column, arrow_type, columns_of

DAY = "day"
"""The partition: a date of Europe/Berlin."""


class Table(NamedTuple):
    """A table: its topics, the struct of its records, its columns."""

    name: str
    topics: tuple[str, ...]
    """Topics whose records are its rows."""
    event: type[msgspec.Struct]
    """Struct of a record: JSON, except on ``boards``, where its fields are the record's key, value and headers."""
    columns: tuple[Column, ...]
    day: str
    """Field of the event that tells a row's day: a date, or a time whose date in Berlin it is."""

    @property
    def day_is_time(self) -> bool:
        """Return True if ``day`` names a time, False if it names a date."""
        hints = {field.name: field.type for field in msgspec.structs.fields(self.event)}
        return bool(pa.types.is_timestamp(arrow_type(hints[self.day])))

    @property
    def schema(self) -> pa.Schema:
        """The columns as readers see them, the day at the end."""
        return pa.schema([*((column.name, column.type) for column in self.columns), (DAY, pa.date32())])

    @property
    def file_schema(self) -> pa.Schema:
        """The columns of a file as Flink writes it: without the day, and times without the note that they are UTC."""
        naive = pa.timestamp("ms")
        return pa.schema(
            [(column.name, naive if pa.types.is_timestamp(column.type) else column.type) for column in self.columns]
        )


def table(name: str) -> Table:
    """The table of this name. Raises UserError if there is none."""
    for one in TABLES:
        if one.name == name:
            return one
    raise UserError(f"the lake has no table {name!r}; it has {', '.join(one.name for one in TABLES)}")


def _board_columns() -> Iterator[Column]:
    """Columns of ``StoredBoard``; those that come from a header are text."""
    for column in columns_of(StoredBoard):
        yield column._replace(type=pa.string()) if column.name in HEADERS else column


def _example_columns() -> Iterator[Column]:
    """Columns as ``history import`` writes them: one per feature, the delay included; the service day is the folder."""
    for field in msgspec.structs.fields(Example):
        if field.name not in ("delay", "features", "service_day"):
            name = "labelled_at" if field.name == "known_at" else field.name
            yield Column(name, arrow_type(field.type), (field.name,))
    for name in FEATURES:
        yield Column(name, pa.float64(), ("features",), name)


# The storage job finds the state of a table by its place: a new one comes last.
TABLES = (
    Table(topics.BOARDS, (topics.BOARDS,), StoredBoard, tuple(_board_columns()), "polled_at"),
    Table(topics.DEPARTURES, topics.DECISIONS, Decision, tuple(columns_of(Decision)), "decided_at"),
    Table(topics.PREDICTIONS, (topics.PREDICTIONS,), Prediction, tuple(columns_of(Prediction)), "decided_at"),
    Table(topics.OUTCOMES, (topics.OUTCOMES,), Outcome, tuple(columns_of(Outcome)), "known_at"),
    Table(topics.EXAMPLES, (topics.EXAMPLES,), Example, tuple(_example_columns()), "service_day"),
    Table(topics.EARLY_OUTCOMES, (topics.EARLY_OUTCOMES,), EarlyOutcome, tuple(columns_of(EarlyOutcome)), "known_at"),
)

"""Columns follow from the events' structs, and the example files' columns are those that training reads."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal

import msgspec
import pyarrow as pa
import pytest

from flink_jobs import flink_types, sql, store
from training import examples
from zielzeit.berlin_time import Milliseconds
from zielzeit.boards.record import HEADERS, KEY, TIMESTAMP, VALUE, Int64, StoredBoard
from zielzeit.errors import UserError
from zielzeit.events.structs import Decision, Example
from zielzeit.features.network_state import FEATURES
from zielzeit.lake.board_archive import JOB_COLUMNS, JobBoard
from zielzeit.lake.columns import arrow_type, columns_of
from zielzeit.lake.table_definitions import TABLES, Table, table
from zielzeit.settings import load


@pytest.mark.parametrize(
    ("hint", "arrow", "flink", "wire"),
    [
        (str, pa.string(), "STRING", "STRING"),
        (Literal["a", "b"], pa.string(), "STRING", "STRING"),
        (Literal["a", "b"] | None, pa.string(), "STRING", "STRING"),
        (int | None, pa.int32(), "INT", "INT"),
        (Int64 | None, pa.int64(), "BIGINT", "BIGINT"),
        (Milliseconds, pa.int64(), "BIGINT", "BIGINT"),
        (float, pa.float64(), "DOUBLE", "DOUBLE"),
        (bool, pa.bool_(), "BOOLEAN", "BOOLEAN"),
        (datetime | None, pa.timestamp("ms", "UTC"), "TIMESTAMP_LTZ(3)", "STRING"),
        (date, pa.date32(), "DATE", "STRING"),
        (tuple[str, ...], pa.list_(pa.string()), "ARRAY<STRING>", "ARRAY<STRING>"),
    ],
)
def test_a_field_of_any_type_that_events_have_becomes_a_column(
    hint: object, arrow: pa.DataType, flink: str, wire: str
) -> None:
    assert arrow_type(hint) == arrow
    assert flink_types.sql_type(arrow) == flink
    assert flink_types.wire_type(hint) == wire


def test_a_type_that_no_column_has_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        arrow_type(complex)


class Inner(msgspec.Struct):
    id: str
    at: datetime


class Outer(msgspec.Struct):
    id: str
    inner: Inner


def test_a_nested_structs_fields_are_columns_but_those_that_its_owner_has_too() -> None:
    columns = tuple(columns_of(Outer))
    assert [(column.name, column.path) for column in columns] == [("id", ("id",)), ("at", ("inner", "at"))]
    assert flink_types.wire_type(Inner) == "ROW<`id` STRING, `at` STRING>"
    table = Table("outer", ("outer",), Outer, columns, "id")
    assert "`inner` ROW<`id` STRING, `at` STRING>" in store.source(table, load())
    assert sql.instant("`inner`.`at`") in store.insert(table)


def test_features_are_read_as_a_dictionary() -> None:
    assert flink_types.wire_type(dict[str, float | None]) == "MAP<STRING, DOUBLE>"
    assert "`features`['delay']" in store.insert(table("examples"))


def test_a_board_has_a_column_for_each_header_and_its_place_in_the_topic() -> None:
    names = [column.name for column in table("boards").columns]
    assert names == list(StoredBoard.__struct_fields__)
    assert {KEY, VALUE, TIMESTAMP, *HEADERS, "kafka_partition", "kafka_offset"} == set(names)
    assert tuple(JOB_COLUMNS) == JobBoard._fields


def test_every_field_of_a_decision_is_a_column_in_its_order() -> None:
    assert [column.name for column in columns_of(Decision)] == list(Decision.__struct_fields__)


def test_no_table_has_a_column_twice() -> None:
    for one in TABLES:
        names = [column.name for column in one.columns] + ["day"]
        assert len(set(names)) == len(names), one.name


def test_examples_have_the_columns_that_training_reads() -> None:
    names = {column.name for column in table("examples").columns}
    assert set(examples.SCHEMA.names()) <= names
    assert names - set(examples.SCHEMA.names()) == {"id"}


def test_no_field_of_an_example_is_lost() -> None:
    sources = {column.path[0] for column in table("examples").columns} | {table("examples").day}
    # The delay is among the features.
    assert set(Example.__struct_fields__) - sources == {"delay"}
    assert "delay" in FEATURES


def test_an_unknown_table_is_named_with_those_that_exist() -> None:
    with pytest.raises(UserError, match="no table 'exmaples'; it has boards, departures"):
        table("exmaples")


@pytest.mark.parametrize("written", ["2026-03-10T18:31:00+01:00", "2026-03-10T17:31:00.250000Z"])
def test_the_pattern_that_splits_times_knows_what_msgspec_writes(written: str) -> None:
    at = datetime.fromisoformat(written)
    assert msgspec.json.encode(at).decode().strip('"') == written
    (pattern,) = set(re.findall(r"'(\^[^']+)'", sql.instant("x")))
    local, offset = re.fullmatch(pattern, written).groups()  # type: ignore[union-attr]
    assert datetime.fromisoformat(local + offset) == at


def test_sql_quotes_what_could_break_out() -> None:
    assert sql.name("a`b") == "`a``b`"
    assert sql.text("it's") == "'it''s'"

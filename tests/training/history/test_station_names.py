"""Archives' stations get the names that boards show, so that what training learns of them is found while serving."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.training.history.archives import MOMENTS, compact, imported, monthly, stop
from tests.training.history.test_column_types import small_compact
from training.history.importing import import_history
from training.history.station_names import BoardNames
from zielzeit.features.key_names import packaged_keys
from zielzeit.features.named_tables import NamedTables
from zielzeit.stations.register import StationRegister
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station

REGISTER = StationRegister(
    [
        (Source.TABLE, Station("8000001", "Aheim(Main)Hbf", ("Aheim (Main) Hauptbahnhof",), codes=("AH",))),
        (Source.TABLE, Station("8000002", "Aheim(Main)Hbf Gl.5-10", group="8000001")),
        (Source.TABLE, Station("8000003", "Bstadt", earlier=("Bdorf",))),
        (Source.TABLE, Station("8000004", "Cenz")),
        (Source.TABLE, Station("8000005", "Cenz(West)", ("Neustadt",))),
        (Source.TABLE, Station("8000006", "Cenz(Ost)", ("Neustadt",))),
    ]
)
PAIRS = [("08000004", "Aheim (Main) Hauptbahnhof"), ("08000004", "Cenz")]  # 8000004 is not believed


@pytest.mark.parametrize(
    ("eva", "name", "board_name", "found"),
    [
        (None, "Aheim (Main) Hauptbahnhof", None, "Aheim(Main)Hbf"),
        ("08000001", "Aheim (Main) Hauptbahnhof", None, "Aheim(Main)Hbf"),
        ("08000002", "Aheim (Main) Hauptbahnhof", None, "Aheim(Main)Hbf Gl.5-10"),
        ("08000001", "Aheim (Main) Hauptbahnhof", "Aheim (Main) Hbf", "Aheim (Main) Hbf"),
        (None, "Bdorf", None, "Bstadt"),
        (None, "bstadt", None, "Bstadt"),
        (None, None, "Neubau  Hbf ", "Neubau Hbf"),
        ("08000003", None, None, "Bstadt"),
        ("08000003", "Bstadt bei Cenz", None, "Bstadt"),
        ("08000003", "Neubau", None, "Neubau"),
        ("08000003", "Cenz", None, "Cenz"),
        ("08000004", "Bstadt", None, "Bstadt"),
        ("08000004", None, None, None),
        ("08000006", "Neustadt", None, "Cenz(Ost)"),
        (None, "Neustadt", None, "Neustadt"),
        (None, "AH", None, "AH"),
        ("09999999", "Ko\u0308ln Su\u0308d", None, "Köln Süd"),
        (None, None, None, None),
    ],
)
def test_a_station_gets_the_boards_name(
    eva: str | None, name: str | None, board_name: str | None, found: str | None
) -> None:
    assert BoardNames(REGISTER, PAIRS).name(eva, name, board_name) == found


def test_archive_names_become_those_of_boards_in_examples_and_state(tmp_path: Path) -> None:
    day = "2026-03-10"
    frame = monthly(
        stop("Altdorf", None, f"{day} 10:00", position=1),
        stop("Berlin Hauptbahnhof", f"{day} 10:20", f"{day} 10:22", position=2),
        stop("Frankfurt (Main) Hbf", f"{day} 10:50", None, late=(7, 0), position=3),
    ).with_columns(xml_station_name=pl.Series(["Altdorf", "Berlin Hbf", None]))
    found, _ = imported(frame, tmp_path)
    stations = ["Altdorf", "Berlin Hbf", "Frankfurt(Main)Hbf"]
    assert found.select("station", "destination").rows() == [(stations[0], stations[2]), (stations[1], stations[2])]
    state = NamedTables.from_bytes((tmp_path / "out" / "_history" / "state.bin").read_bytes())
    assert set(state.keys["station"]) == set(map(packaged_keys(), stations)) == {"altdorf", "8011160", "8000105"}


def test_a_station_without_the_archives_name_has_the_boards_name(tmp_path: Path) -> None:
    day = "2026-03-10"
    frame = monthly(
        stop("A", None, f"{day} 10:00", position=1), stop("Neubau Hbf", f"{day} 10:50", None, late=(7, 0), position=2)
    ).with_columns(station_name=pl.Series(["A", None]))
    found, _ = imported(frame, tmp_path)
    assert found.select("destination", "final_delay").rows() == [("Neubau Hbf", 7.0)]


def test_compact_files_are_resolved_by_the_given_register(tmp_path: Path) -> None:
    frame = small_compact().with_columns(station=pl.Series(["Bdorf", "Cenz", "Aheim (Main) Hauptbahnhof"]))
    compact(*frame.iter_rows(named=True)).write_parquet(tmp_path / "stops.parquet")
    import_history([tmp_path / "stops.parquet"], tmp_path / "out", MOMENTS, stations=REGISTER)
    state = NamedTables.from_bytes((tmp_path / "out" / "_history" / "state.bin").read_bytes())
    assert set(state.keys["station"]) == {"8000001", "8000003", "8000004"}

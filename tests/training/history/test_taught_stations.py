"""An archive that carries EVA numbers teaches the station register, also the job's."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.training.history.test_importing import MOMENTS, month
from training.history import taught_stations
from training.history.importing import KEEPING, import_history
from zielzeit.stations.board_key import board_keys
from zielzeit.stations.source import Source
from zielzeit.stations.station import Station
from zielzeit.stations.table import packaged, register

NEW = "8999123"
NAMES = {"A": "Frankfurt (Main) Hbf", "B": "Neubau (Saale) Nord", "C": "Köln Hauptbahnhof"}
ON_BOARDS = {"A": "Frankfurt(Main)Hbf", "B": "Neubau(S) Nord", "C": "Köln Hbf"}
NUMBERS = {"A": "08000105", "B": NEW, "C": "8000207"}


def _month(path: Path, **names: dict[str, str]) -> Path:
    station = pl.col("station_name")
    frame = month("train_number", days=1).with_columns(
        xml_station_name=station.replace_strict(names.get("boards", ON_BOARDS)),
        eva=station.replace_strict(NUMBERS),
        station_name=station.replace_strict(names.get("archive", NAMES)),
    )
    frame.write_parquet(path)
    return path


def test_what_an_archive_teaches_is_kept_as_a_file_of_own_stations(tmp_path: Path) -> None:
    report = import_history([_month(tmp_path / "one.parquet")], tmp_path / "out", MOMENTS)
    file = tmp_path / "out" / KEEPING / taught_stations.FILE
    assert report.lacking_stations == 1
    assert file.read_text().splitlines() == ["eva,name,aliases", f"{NEW},Neubau(S) Nord,Neubau (Saale) Nord"]
    key = board_keys(register(str(file)))
    assert {key(text) for text in (NEW, "Neubau(S) Nord", "neubau (saale) nord")} == {"Neubau(S) Nord"}
    assert key("8000105") == "Frankfurt(Main)Hbf"


def test_later_imports_add_to_it_and_what_the_register_knows_is_left_out(tmp_path: Path) -> None:
    out = tmp_path / "out"
    import_history([_month(tmp_path / "one.parquet")], out, MOMENTS)
    more = {**NAMES, "B": "Neubau Saaletal"}
    import_history([_month(tmp_path / "two.parquet", archive=more)], out, MOMENTS)
    file = out / KEEPING / taught_stations.FILE
    assert file.read_text().splitlines()[1:] == [f"{NEW},Neubau(S) Nord,Neubau (Saale) Nord|Neubau Saaletal"]
    taught = import_history(
        [_month(tmp_path / "three.parquet")], tmp_path / "new", MOMENTS, stations=register(str(file))
    )
    assert taught.lacking_stations == 0
    assert not (tmp_path / "new" / KEEPING / taught_stations.FILE).exists()


def test_no_name_of_the_register_is_taught_again_nor_one_that_several_stations_bear() -> None:
    rows = [
        ("8000105", "Frankfurt (Main) Hbf", None),  # known
        ("8000105", "Frankfurt Centraal", None),  # another name of a known station
        ("8999000", "Köln Hbf", None),  # another number beside a known name
        ("8999001", None, None),
        ("8000001", "Altdorf", "Altdorf"),  # Aachen's number
        (None, "Nirgendwo", None),
    ]
    (found,) = taught_stations.lacking(packaged(), rows)
    assert (found.eva, found.name, found.aliases) == ("8000105", "Frankfurt(Main)Hbf", ("Frankfurt Centraal",))
    twice = packaged().with_stations([Station(eva, "Doppelstadt") for eva in ("8999002", "8999003")], Source.OWN_FILE)
    assert taught_stations.lacking(twice, [("8999004", "Doppelstadt", None)]) == []

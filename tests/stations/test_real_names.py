"""The register on names of real boards and archives (../shared/data; skipped where it is absent)."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from zielzeit.evaluation.station_names import in_archive, on_boards
from zielzeit.settings import ROOT
from zielzeit.stations.coverage import coverage
from zielzeit.stations.spelling import eva_number
from zielzeit.stations.table import packaged

DATA = ROOT.parent / "shared" / "data"
REGISTER = packaged()
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="no real data at ../shared/data")


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        return list(csv.DictReader(file))


def test_names_on_the_recorded_boards_are_known() -> None:
    _, names = on_boards([DATA / "dbf-boards"])
    result = coverage(REGISTER, names.counts)
    assert result.total_names > 700
    assert result.share >= 0.995, result.unknown
    assert result.ambiguous == {}


@pytest.mark.slow
def test_names_of_the_berlin_week_are_known() -> None:
    names: Counter[str] = Counter()
    for row in _rows(DATA / "berlin-133" / "plan_stops.csv.gz"):
        stops = [row["station"], row["origin"], row["destination"], *row["path_pre"].split("|")]
        names.update(filter(None, [*stops, *row["path_post"].split("|")]))
    result = coverage(REGISTER, names)
    assert result.total_names > 700
    assert result.share >= 0.99, result.unknown


@pytest.mark.slow
@pytest.mark.parametrize("name", ["RB", "RE", "longdistance"])
def test_names_and_numbers_of_the_archive_are_known(name: str) -> None:
    stations, numbers = in_archive(DATA / "history" / f"stops_{name}_2026-03_06.parquet")
    assert coverage(REGISTER, stations.counts).share >= 0.99
    assert coverage(REGISTER, numbers.counts).share >= 0.999


@pytest.mark.slow
def test_no_name_of_the_archive_is_another_station_and_teaching_finds_all() -> None:
    import duckdb

    files = str(DATA / "history" / "*.parquet")
    pairs = duckdb.sql(f"SELECT DISTINCT station, eva FROM read_parquet('{files}')").fetchall()  # noqa: S608 - no input
    taught = REGISTER.with_names((eva, name, None) for name, eva in pairs)
    assert len(pairs) > 2700
    for name, eva_text in pairs:
        eva = eva_number(eva_text)
        found = REGISTER.resolve(name)
        assert not found.known or eva in REGISTER.group_of(found.key), (name, eva)
        assert eva in taught.group_of(taught.resolve(name).key), (name, eva)


def test_names_of_another_collection_are_never_another_station_of_trains() -> None:
    """Names of 10,209 stations by EVA number: found as that number or a part of its station, or not at all."""
    wrong, found_count = [], 0
    rows = _rows(DATA / "stations" / "iris_stations.csv")
    for row in rows:
        found = REGISTER.resolve(row["name"])
        found_count += found.known
        if found.known and REGISTER.station(row["eva"]) and row["eva"] not in REGISTER.group_of(found.key):
            wrong.append((row["name"], row["eva"], found.key))
    assert found_count > 0.97 * len(rows)
    assert [one for one in wrong if one[1].startswith("80") and len(one[1]) == 7] == []


def test_earlier_names_are_found() -> None:
    eva_of = {row["name"]: row["eva"] for row in _rows(DATA / "stations" / "iris_stations.csv")}
    right = wrong = 0
    for row in _rows(DATA / "stations" / "iris_renamed.csv"):
        eva, found = eva_of.get(row["new_name"]), REGISTER.resolve(row["old_name"])
        if eva is not None and found.known:
            right += eva in REGISTER.group_of(found.key)
            wrong += eva not in REGISTER.group_of(found.key)
    assert right >= 160
    assert wrong <= 1  # Barcelona Sants is still a station


def test_groups_beside_the_stations_that_boards_show_together() -> None:
    """Between stations with numbers 80…: precision 0.93, recall 0.84; most of what is left is another place's name.

    What boards show together is more than parts of one station (Konz, Konz Mitte), and sometimes less (Bonn Hbf,
    Bonn Hbf (tief)).
    """

    def is_german(eva: str) -> bool:
        return eva.startswith("80") and len(eva) == 7 and REGISTER.station(eva) is not None

    together = {
        frozenset((row["eva"], row["shown_as_well_eva"]))
        for row in _rows(DATA / "stations" / "iris_related.csv")
        if is_german(row["eva"]) and is_german(row["shown_as_well_eva"])
    }
    collected = {row["eva"] for row in _rows(DATA / "stations" / "iris_stations.csv") if is_german(row["eva"])}
    groups = {REGISTER.group_of(eva) for eva in collected}
    derived = {
        frozenset(pair) for group in groups for pair in combinations([eva for eva in group if eva in collected], 2)
    }
    assert len(derived & together) / len(derived) > 0.9
    assert len(derived & together) / len(together) > 0.8

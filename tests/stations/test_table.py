"""The packaged table: what must be true of it, and the stations that everything else needs of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

import zielzeit
from zielzeit.errors import UserError
from zielzeit.stations.register import Entry
from zielzeit.stations.resolution import Match
from zielzeit.stations.source import Source
from zielzeit.stations.spelling import comparable, composed, eva_number
from zielzeit.stations.table import STATIONS, STOPS, form, packaged, parse, read, register

ENTRIES: list[Entry] = [*read(STATIONS), *read(STOPS)]
REGISTER = packaged()


def same_group(one: str, other: str) -> bool:
    """Return True if two spellings mean one station or parts of one."""
    first, second = (REGISTER.resolve(spelling).key for spelling in (one, other))
    return REGISTER.whole_of(first) == REGISTER.whole_of(second)


def test_every_eva_number_stands_once() -> None:
    counts = Counter(station.eva for _, station in ENTRIES)
    assert [eva for eva, count in counts.items() if count > 1] == []
    assert all(eva_number(eva) == eva for eva in counts)


def test_names_are_composed_and_no_numbers() -> None:
    for _, station in ENTRIES:
        for name in (station.name, *station.aliases, *station.earlier, *station.codes):
            assert name
            assert composed(name) == name
            assert eva_number(comparable(name)) is None


def test_every_name_is_found_as_its_station_a_part_of_it_or_ambiguous() -> None:
    """A name that two stations bear is not found, unless they are parts of one or the other is only a stop."""
    ambiguous = 0
    for source, station in read(STATIONS):
        if source is not Source.TABLE:
            continue
        for name in (station.name, *station.aliases):
            found = REGISTER.find(name)
            if found.match is Match.AMBIGUOUS:
                assert station.eva in found.candidates
                ambiguous += 1
            else:
                assert found.match is Match.NAME
                assert station.eva in REGISTER.group_of(found.identity.key), name
    assert ambiguous < 60


def test_variants_of_all_names_are_found_as_the_same_station_or_are_ambiguous() -> None:
    ambiguous = 0
    stations = [station for source, station in read(STATIONS) if source is Source.TABLE]
    exact = {name for one in stations for name in (one.name, *one.aliases, *one.codes, *one.earlier)}
    for station in stations:
        identity = REGISTER.resolve(station.name)
        umlauts = station.name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
        spaced = station.name.replace("(", " (").replace(")", ") ")
        for variant in (unicodedata.normalize("NFD", station.name), station.name.upper(), umlauts, spaced):
            if composed(variant) != station.name and composed(variant) in exact:
                continue
            found = REGISTER.find(variant)
            ambiguous += found.match is Match.AMBIGUOUS
            assert found.match is Match.AMBIGUOUS or found.identity == identity, (variant, found)
    assert ambiguous < 0.01 * len(stations) * 4


def test_a_code_is_one_station() -> None:
    holders: dict[str, set[str]] = defaultdict(set)
    for _, station in ENTRIES:
        for code in station.codes:
            assert code == code.upper()
            holders[code].add(station.eva)
    assert {code: evas for code, evas in holders.items() if len(evas) > 1} == {}


def test_groups_are_one_level_deep_and_all_in_the_first_file() -> None:
    stations = {station.eva: station for _, station in read(STATIONS)}
    for station in stations.values():
        if station.group:
            assert station.group != station.eva
            assert stations[station.group].group == ""
    assert all(not station.group for _, station in read(STOPS))


def test_no_stop_of_the_second_file_is_spelled_like_a_station() -> None:
    """So the first file decides alone, and exact matches win although the second is read later."""
    spellings = {
        comparable(name)
        for source, one in read(STATIONS)
        if source is Source.TABLE
        for name in (one.name, *one.aliases, *one.earlier)
    }
    assert [one.name for _, one in read(STOPS) if comparable(one.name) in spellings] == []


@pytest.mark.parametrize(
    ("spelling", "eva"),
    [
        ("Frankfurt(Main)Hbf", "8000105"),
        ("Frankfurt (Main) Hbf", "8000105"),
        ("FF", "8000105"),
        ("8000105", "8000105"),
        ("Frankfurt Hbf (tief)", "8098105"),
        ("FFT", "8098105"),
        ("Koeln Hbf", "8000207"),
        ("köln hbf", "8000207"),
        (unicodedata.normalize("NFD", "Köln Hbf"), "8000207"),
        ("Berlin Hauptbahnhof", "8011160"),
        ("Berlin Hbf", "8011160"),
        ("Siegen", "8000046"),
        ("Hamm(Westf)", "8000149"),
        ("Kirche, Birkenwerder", "203523"),
    ],
)
def test_known_spellings(spelling: str, eva: str) -> None:
    assert REGISTER.resolve(spelling).eva == eva


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("Frankfurt Hbf (tief)", "Frankfurt(Main)Hbf"),
        ("München Hbf Gl.27-36", "München Hbf"),
        ("Berlin Südkreuz (S)", "Berlin Südkreuz"),
        ("Köln Messe/Deutz Gl.11-12", "Köln Messe/Deutz"),
        ("Stuttgart Hbf (tief)", "Stuttgart Hbf"),
    ],
)
def test_parts_are_in_the_group_of_the_whole(part: str, whole: str) -> None:
    assert same_group(part, whole)
    assert REGISTER.group_of(REGISTER.resolve(part).key)[0] == REGISTER.resolve(whole).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Boppard Süd", "Boppard Hbf"),
        ("Frankfurt(Main)Süd", "Frankfurt(Main)Hbf"),
        ("Berlin Ostbahnhof", "Berlin Hbf"),
        ("Frankfurt(M) Flughafen Regionalbf", "Frankfurt(M) Flughafen Fernbf"),
    ],
)
def test_neighbours_are_stations_of_their_own(one: str, other: str) -> None:
    assert not same_group(one, other)


def test_the_table_reads_back_what_it_wrote() -> None:
    entries = list(read(STATIONS))
    assert list(parse(form(entries))) == entries


def test_an_own_file_lies_over_the_packaged_table(tmp_path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("eva,name,ds100\n8000105,Frankfurt am Main,ZZFF\n8099998,Neubau Hbf,\n")
    mine = register(str(file))
    assert mine.resolve("ZZFF").eva == mine.resolve("Frankfurt(Main)Hbf").eva == "8000105"
    assert mine.resolve("Neubau Hbf").eva == "8099998"
    assert register("") is packaged()
    with pytest.raises(UserError, match="ZIELZEIT_STATIONS"):
        register(str(tmp_path / "missing.csv"))


def test_it_loads_at_once() -> None:
    """About 80 ms of processor time; the bound has room for slow machines."""
    code = (
        "import time, zstandard; from zielzeit.stations.table import packaged; begin = time.process_time();"
        "packaged().resolve('Köln Hbf'); print(time.process_time() - begin)"
    )
    run = [sys.executable, "-c", code]
    seconds = [float(subprocess.run(run, capture_output=True, text=True, check=True).stdout) for _ in range(3)]
    assert min(seconds) < 0.5


def test_the_table_outlives_its_files_as_a_jobs_modules_do_in_a_task_manager(tmp_path: Path) -> None:
    package = Path(shutil.copytree(Path(zielzeit.__file__).parent, tmp_path / "job" / "zielzeit"))
    script = (
        "import shutil, sys; from zielzeit.stations import table; shutil.rmtree(sys.argv[1]); "
        "print(*(table.packaged().resolve(name).eva for name in ('KK', 'no such station')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(package)],
        env={"PYTHONPATH": str(package.parent)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["8000207", "None"]

"""``poll --check`` asks each station once and says which are not found."""

from __future__ import annotations

import time

from typer.testing import CliRunner

from cli.app import build
from tests.sources.odd_dbf import OddDbf
from zielzeit.sources.check import Checked, check_stations
from zielzeit.sources.plan import make_plan
from zielzeit.stations.table import packaged


def test_a_check_asks_each_station_once_within_the_rate(odd: OddDbf, base_url: str) -> None:
    stations = ["Hanau Hbf", "Kiel Hpf", "slow", "hanau hbf"]
    began = time.monotonic()
    checked = check_stations(make_plan(base_url, stations, per_minute=300, timeout_seconds=0.4), packaged())
    assert time.monotonic() - began >= 0.6
    assert odd.asked == dict.fromkeys(stations, 1)
    assert [(one.station, one.good) for one in checked] == list(zip(stations, [True, False, False, True], strict=True))
    assert checked[0].result == "ok, Hanau Hbf"
    assert "did you mean Kiel Hbf" in checked[1].result
    assert checked[2].result == "time-out, after 0.4 s"


def test_a_check_ends_where_the_server_asks_for_a_pause(odd: OddDbf, base_url: str) -> None:
    plan = make_plan(base_url, ["throttled", "Hanau Hbf"], per_minute=60)
    first, second = check_stations(plan, packaged())
    assert odd.asked == {"throttled": 1}
    assert first.result == "too many requests, status 429"
    assert second == Checked("Hanau Hbf", False, "not asked: the server wants a pause of 60 s")


def test_the_check_prints_a_table_and_fails_if_a_station_is_not_found(base_url: str) -> None:
    command = ["poll", "--check", "--base-url", base_url, "--stations"]
    for stations, code in (("Hanau Hbf", 0), ("Hanau Hbf,Kiel Hpf", 1)):
        result = CliRunner().invoke(build(), [*command, stations], env={"COLUMNS": "80"})
        assert result.exit_code == code
        assert max(map(len, result.stdout.splitlines())) <= 80
    assert "1 of 2 stations found" in result.stdout

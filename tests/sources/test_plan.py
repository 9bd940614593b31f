"""A plan keeps the rules or is refused with the arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zielzeit.errors import UserError
from zielzeit.sources.plan import make_plan

PUBLIC = "https://dbf.finalrewind.org"


def names(count: int) -> list[str]:
    return [f"Station {number}" for number in range(count)]


def test_too_many_stations_for_the_public_instance_are_refused_with_the_arithmetic() -> None:
    with pytest.raises(UserError) as error:
        make_plan(PUBLIC, names(31))
    assert str(error.value) == (
        "31 stations every 180 s are 10.3 requests a minute; the public instance allows 10: poll at most 30 stations "
        "or set --poll-interval-seconds to at least 186, or host your own (derfnull/db-fakedisplay)"
    )


def test_thirty_stations_every_three_minutes_are_just_allowed() -> None:
    plan = make_plan(PUBLIC, names(30))
    assert plan.requests_per_minute <= 10
    assert plan.spacing_seconds == 60


@pytest.mark.parametrize("url", ["https://dbf.finalrewind.org/", "https://DBF.finalrewind.org:443"])
def test_one_station_more_often_than_each_minute_is_refused_there(url: str) -> None:
    with pytest.raises(UserError, match="at least 60"):
        make_plan(url, names(1), interval_seconds=30)


def test_the_public_rules_can_be_asked_for_elsewhere() -> None:
    assert make_plan("http://127.0.0.1:1", names(400)).per_minute is None
    with pytest.raises(UserError, match="public instance allows 10"):
        make_plan("http://127.0.0.1:1", names(400), public=True)


def test_an_own_rate_holds_and_never_loosens_the_public_one() -> None:
    with pytest.raises(UserError, match=r"--rate allows 5: poll at most 15 stations"):
        make_plan("http://127.0.0.1:1", names(16), per_minute=5)
    with pytest.raises(UserError, match="public instance allows 10"):
        make_plan(PUBLIC, names(40), per_minute=100)


@given(st.integers(1, 200), st.floats(60, 4000))
def test_an_accepted_plan_never_exceeds_ten_a_minute(count: int, interval: float) -> None:
    try:
        plan = make_plan(PUBLIC, names(count), interval_seconds=interval)
    except UserError:
        assume(False)
        return
    assert plan.requests_per_minute <= 10
    assert plan.per_minute is not None
    assert plan.per_minute < 10
    waits = plan.wait_seconds(0)
    assert waits == sorted(waits)
    assert waits[-1] < plan.interval_seconds


@pytest.mark.parametrize("url", ["", "dbf.example", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="--base-url"):
        make_plan(url, names(1))


def test_addresses_are_escaped_and_stations_counted_once() -> None:
    plan = make_plan("http://127.0.0.1:1/", ["Köln Messe/Deutz", " Köln Messe/Deutz"], past=True)
    assert plan.stations == ("Köln Messe/Deutz",)
    assert plan.url(plan.stations[0]) == "http://127.0.0.1:1/K%C3%B6ln%20Messe%2FDeutz.json?version=3&past=1"
    plain = make_plan("http://127.0.0.1:1", ["Kiel Hbf"], past=False, no_related=True)
    assert plain.url("Kiel Hbf") == "http://127.0.0.1:1/Kiel%20Hbf.json?version=3&no_related=1"

"""Faults come as often as asked, the same at every asking, and never unasked."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from zielzeit.errors import UserError
from zielzeit.simulator.faults import PER_REQUEST, Faults
from zielzeit.simulator.reply import answer
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World

WORLD = World(build(40, seed=2))
NOON = 1_773_140_400


@pytest.mark.parametrize("name", PER_REQUEST)
def test_a_fault_comes_as_often_as_its_rate_says(name):
    faults = Faults.parse(f"{name}=0.1", seed=1)
    met = [faults.at(station, NOON + 60 * minute) for station in range(20) for minute in range(200)]
    assert 300 < met.count(name) < 500
    assert set(met) == {name, None}
    assert met == [faults.at(station, NOON + 60 * minute) for station in range(20) for minute in range(200)]


def test_no_fault_comes_unasked():
    faults = Faults.parse("none", seed=1)
    assert not any(faults.at(0, NOON + 60 * minute) for minute in range(1000))


@pytest.mark.parametrize("name", ["outage", "long-outage", "dead-feed", "half-dead-feed"])
def test_an_outage_lasts(name):
    faults = Faults.parse(f"{name}=0.5", seed=1)
    hit = [faults.at(0, NOON + 60 * minute) == name for minute in range(4000)]
    changes = sum(a != b for a, b in pairwise(hit))
    assert 0 < changes < sum(hit)


@pytest.mark.parametrize(
    ("text", "message"), [("fire", "unknown fault"), ("outage=2", "from 0 to 1"), ("empty=x", "from 0 to 1")]
)
def test_a_wrong_fault_is_refused_with_a_sentence(text, message):
    with pytest.raises(UserError, match=message):
        Faults.parse(text, seed=1)


def test_each_fault_changes_the_reply_as_its_name_says():
    def reply(name: str):
        return answer(WORLD, Faults.parse(f"{name}=1", seed=1), 0, NOON, past=True)

    good = answer(WORLD, Faults.parse("none", 1), 0, NOON, past=True)
    assert good.status == 200
    assert good.fault is None
    assert reply("error500").status == 500
    assert (reply("throttle").status, reply("throttle").retry_after) == (429, 60)
    assert reply("empty").body == b""
    with pytest.raises(ValueError, match=r".*"):
        json.loads(reply("truncated").body)
    none = Faults.parse("none", 1)
    assert reply("other-station").body in [answer(WORLD, none, other, NOON, past=True).body for other in range(1, 40)]
    assert all(not row["delayDeparture"] for row in json.loads(reply("dead-board").body)["departures"])
    assert reply("stale").body != good.body


def test_half_a_dead_feed_takes_the_real_time_data_of_some_rows():
    faults = Faults.parse("half-dead-feed=1", seed=1)
    moment = next(at for at in range(NOON, NOON + 7200, 60) if faults.lasts("half-dead-feed", 0, at))
    hit = answer(WORLD, faults, 0, moment, past=True)
    assert hit.fault == "half-dead-feed"
    assert {row["missingRealtime"] for row in json.loads(hit.body)["departures"]} == {True, False}

"""What a step decides is counted."""

from __future__ import annotations

from tests.decision.handmade import HERE, Watched, at, row
from zielzeit.decision.station import StationStep
from zielzeit.decision.step_metrics import count
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Count, Recorder


def _counted(key: str, destination: str) -> int:
    station, recorder = Watched(name=key), Recorder()
    station.every_three_minutes("12:00", "12:15", row(route=(key, destination), destination=destination))
    count(StationStep(station.decisions, at("12:15")), recorder, at("12:20"))
    return recorder.take().get(Count(job.UNKNOWN_STATIONS.name), 0)


def test_decisions_with_a_station_that_nobody_knows_are_counted() -> None:
    assert _counted("Köln Hbf", "Bonn Hbf") == 0
    assert _counted("Köln Hbf", "Nirgendwo") == 1
    assert _counted(HERE, "Bonn Hbf") == 1

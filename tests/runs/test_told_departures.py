"""What was told early is kept for an hour, and nothing of it for longer."""

from __future__ import annotations

from zielzeit.berlin_time import MINUTE, Milliseconds, UtcMinutes
from zielzeit.runs.told_departures import KEPT, Left, ToldDepartures


def left(minute: int, delay: int = 2) -> Left:
    return UtcMinutes(minute), delay, "A"


def test_departures_of_the_hour_before_are_known_until_they_are_retracted_or_decided() -> None:
    told = ToldDepartures()
    told.note("RE 1", Milliseconds(100 * MINUTE), left(98))
    told.note("RE 1", Milliseconds(101 * MINUTE), left(99))
    told.note("RE 1", Milliseconds(102 * MINUTE), left(99), retracted=True)
    assert told.before("RE 1", UtcMinutes(110), []) == [left(98)]
    assert told.before("RE 1", UtcMinutes(110), [left(98, delay=4)]) == []
    assert told.before("RE 1", UtcMinutes(159), []) == []


def test_a_retraction_after_the_hour_keeps_nothing() -> None:
    told = ToldDepartures()
    for number in range(100):
        at = Milliseconds(number * (KEPT + 2 * MINUTE))
        told.note(f"RE {number}", at, left(at // MINUTE))
        told.note(f"RE {number}", Milliseconds(at + KEPT + MINUTE), left(at // MINUTE), retracted=True)
    assert not vars(told)["_of_train"]

"""Decisions beside the truth: each finding is told from the others."""

from __future__ import annotations

from tests.decision.handmade import HERE, Watched, at, row
from zielzeit import berlin_time
from zielzeit.decision.decider import RejectedBoard
from zielzeit.evaluation.comparison import Comparison, Evaluation, TrueStop
from zielzeit.events.structs import Decision

OTHER = row("9", "14:50")


def true(number: str, time: str, kind: str = "departed", delay: int | None = 0, **changes: object) -> TrueStop:
    """What happened to a train of the tests' day."""
    moment = at(time)
    given = {
        "station": HERE,
        "train": f"RE {number}",
        "planned_wall": berlin_time.wall_minutes(berlin_time.datetime_of(moment)),
        "kind": kind,
        "planned": moment,
        "delay": None if kind == "cancelled" else delay,
        "known_at": 0,
        "undecidable": None,
    }
    return TrueStop(**given | changes)  # type: ignore[arg-type]


def compared(station: Watched, *truths: TrueStop) -> Comparison:
    """A station's decisions of noon to two beside the truth."""
    evaluation = Evaluation(margin=30)
    evaluation.see_board(HERE, at("12:00"))
    evaluation.see_board(HERE, at("14:00"))
    for output in station.outputs:
        if not isinstance(output, RejectedBoard):
            evaluation.see(output)
    return evaluation.compare([*truths, true("9", "14:50")])


def settled(*rows: dict[str, object]) -> Watched:
    """A station that showed rows until they had settled."""
    station = Watched()
    station.every_three_minutes("12:00", "12:30", *rows, OTHER)
    return station


def test_found_with_its_delay_and_its_wait() -> None:
    found = compared(settled(row("1", "12:05", 2)), true("1", "12:05", delay=3))
    assert found.counts == {"found": 1}
    assert found.delays["settled"].errors == [-1]
    assert found.waits == [7.0]


def test_missed_and_never_shown_are_told_apart() -> None:
    found = compared(settled(row("1", "13:20")), true("1", "13:20"), true("2", "12:30"))
    assert found.counts == {"missed": 1, "never shown": 1}


def test_invented_is_a_train_that_the_truth_does_not_know_or_that_was_cancelled() -> None:
    station = settled(row("1", "12:05"), row("2", "12:06"))
    found = compared(station, true("2", "12:06", "cancelled"), true("8", "12:01"))
    assert found.counts["invented"] == 2


def test_cancelled_after_the_decision_is_not_invented() -> None:
    found = compared(settled(row("1", "12:05")), true("1", "12:05", "cancelled", known_at=at("13:00")))
    assert found.counts == {"cancelled after the decision": 1}


def test_cancelled_and_decided_so() -> None:
    found = compared(settled(row("1", "12:05", cancelled=True)), true("1", "12:05", "cancelled"))
    assert found.counts == {"cancelled, decided so": 1}


def test_revoked_after_the_decision_is_not_missed() -> None:
    station = settled(row("1", "12:05", cancelled=True))
    assert compared(station, true("1", "12:05", known_at=at("13:40"))).counts == {"revoked after the decision": 1}
    assert compared(station, true("1", "12:05")).counts == {"missed": 1}


def test_what_is_undecidable_is_neither_found_nor_missed() -> None:
    found = compared(settled(), true("1", "12:50", undecidable="no board"))
    assert found.counts == {"undecidable": 1, "wrong where undecidable": 1}


def test_what_left_too_late_to_be_told_is_not_asked() -> None:
    assert compared(settled(row("1", "13:50")), true("1", "13:50")).counts == {}


def test_doubled_is_one_identity_decided_twice() -> None:
    station = settled(row("1", "12:05"))
    station.outputs += [o for o in station.outputs if isinstance(o, Decision) and o.kind == "departed"]
    assert compared(station, true("1", "12:05")).counts == {"doubled": 1, "found": 1}


def test_corrections_count_for_themselves() -> None:
    station = Watched()
    station.every_three_minutes("12:00", "12:18", row("1", "12:05"), OTHER)
    station.every_three_minutes("12:21", "12:30", row("1", "12:05", 9), OTHER)
    delays = compared(station, true("1", "12:05", delay=9)).delays["all"]
    assert (delays.errors, delays.corrected) == ([-9], [0])

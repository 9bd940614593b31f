"""The operators one behind the other, without a cluster: what they emit is what their processes decide."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
import pytest
from pyflink.common import Row

from tests.decision import handmade
from tests.udfs.harness import Harness
from udfs import decide, describe, follow, score, station_key
from zielzeit import berlin_time, topics
from zielzeit.berlin_time import BERLIN, MINUTE
from zielzeit.boards.parse import count_rows
from zielzeit.boards.record import BoardRecord
from zielzeit.decision import offline
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.rules import Rules
from zielzeit.decision.station import END_OF_INPUT
from zielzeit.events.structs import Decision
from zielzeit.events.topic_record import Record
from zielzeit.metrics.job import JOB, of_operator
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.described import DescribedEarly, decode_batch, encode_batch
from zielzeit.model.early_buffer import HOLD
from zielzeit.model.predict import OneModel
from zielzeit.recordings.read import read_boards
from zielzeit.runs.messages import EarlyMessage, Ending, decode, decode_message
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World
from zielzeit.train_classes import CLASSES, train_class

DECIDER = Decider(Rules(), 5)
NO_BOARD = b"<html>502</html>"


class NoRegistry(OneModel):
    """A champion without a registry: persistence serves."""

    def __init__(self, registry: Any, recorder: Recorder) -> None:
        del registry, recorder
        super().__init__()

    def close(self) -> None:
        """Nothing to stop."""


def without_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is there."""
    monkeypatch.setattr(score, "Champion", NoRegistry)
    monkeypatch.setattr(describe, "first_network", lambda _: None)


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> list[BoardRecord]:
    """Six hours of a small railway."""
    file = tmp_path_factory.mktemp("boards") / "boards.jsonl.zst"
    start = datetime(2026, 3, 9, 5, tzinfo=BERLIN)
    world = World(timetable.build(5, seed=5))
    recording.record(world, file, start=start, hours=6, faults=Faults.parse("none", seed=5))
    return list(read_boards([file]))


@pytest.fixture
def job(boards: list[BoardRecord], monkeypatch: pytest.MonkeyPatch) -> dict[str, Harness]:
    """The four operators after the boards, out of order inside the grace, went through; one board is none."""
    without_registry(monkeypatch)
    return _through(boards)


def _through(boards: list[BoardRecord], *, restart_every: int = 0) -> dict[str, Harness]:
    """Send boards through new operators, which are restarted again and again."""
    deciding = Harness(decide.Decide(DECIDER, "boards", early_minutes=2))
    following = Harness(follow.Follow(""))
    describing = Harness(describe.Describe(None, ""))  # type: ignore[arg-type]
    scoring = Harness(score.Score(None))  # type: ignore[arg-type]
    sent = [(berlin_time.milliseconds(board.polled_at), board.station, board.body) for board in boards]
    sent.append((sent[0][0] + 1, sent[0][1], NO_BOARD))
    rng = random.Random(1)
    newest = 0
    for offset, (at, name, body) in enumerate(sorted(sent, key=lambda one: one[0] + rng.random() * 4 * MINUTE)):
        newest = max(newest, at)
        deciding.element(name, (body, 0, offset), at)
        if restart_every and offset % restart_every == 0:
            deciding.restart()
        deciding.pass_watermark(newest)
    deciding.pass_watermark(newest + DECIDER.grace * MINUTE)
    _send(deciding.side["decided"], following, restart_every)
    _send(following.emitted, describing, restart_every)
    _send(describing.emitted, scoring, restart_every)
    return {"decide": deciding, "follow": following, "describe": describing, "score": scoring}


def _send(rows: list[Any], to: Harness, restart_every: int = 0) -> None:
    """Send the rows to an operator in order of event time, and the watermark with them."""
    for number, row in enumerate(sorted(rows, key=lambda row: row[1][1])):
        to.pass_watermark(row[1][1] - 1)
        to.element(row[0], row[1])
        if restart_every and number % restart_every == 0:
            to.restart()
    to.pass_watermark(END_OF_INPUT)


def _records(harness: Harness, *names: str) -> list[Record]:
    """Records of some topics, out of the batches that an operator emitted."""
    records = [Record(*fields) for batch in harness.emitted for fields in zip(*batch, strict=True)]
    return [record for record in records if record.topic in names]


def _values(harness: Harness, *names: str) -> list[Any]:
    return [msgspec.json.decode(record.value) for record in _records(harness, *names)]


def test_boards_out_of_order_give_the_decisions_of_decide_and_one_dead_letter(
    job: dict[str, Harness], boards: list[BoardRecord]
) -> None:
    outcomes = [outcome for _, _, outcome in offline.decide(boards, DECIDER)]
    expected = Counter(msgspec.json.encode(o) for o in outcomes if isinstance(o, Decision))
    doubted = Counter(o.reason for o in outcomes if isinstance(o, RejectedBoard))
    assert Counter(record.value for record in _records(job["decide"], *topics.DECISIONS)) == expected
    assert expected.total() > 100
    letters = _values(job["decide"], topics.DEAD_LETTERS)
    (letter,) = [one for one in letters if one["reason"] not in doubted]
    assert Counter(one["reason"] for one in letters if one is not letter) == doubted
    assert (letter["topic"], letter["key"], letter["partition"]) == ("boards", boards[0].station, 0)
    assert msgspec.convert(letter["body"], bytes) == NO_BOARD


def test_a_dead_letter_has_the_time_of_its_board_also_where_the_board_decides_trains_or_is_late() -> None:
    deciding = Harness(decide.Decide(DECIDER, "boards"))
    boards = [
        ("12:06", handmade.body(handmade.row(departure="12:05"))),
        ("12:09", handmade.body()),
        ("12:14", handmade.body(handmade.row("9", departure="a quarter past"))),  # decides that the train has left, too
    ]
    for time, sent in boards:
        deciding.element(handmade.HERE, (sent, 0, 0), handmade.at(time))
        deciding.pass_watermark(handmade.at(time) + DECIDER.grace * MINUTE)
    deciding.element(handmade.HERE, (NO_BOARD, 0, 0), handmade.at("12:08"))
    assert [one["kind"] for one in _values(deciding, *topics.DECISIONS)] == ["departed"]
    letters = _records(deciding, topics.DEAD_LETTERS)
    assert sorted(record.at for record in letters) == [handmade.at("12:08"), handmade.at("12:14")]
    for record in letters:
        said = datetime.fromisoformat(msgspec.json.decode(record.value)["timestamp"])
        assert berlin_time.milliseconds(said) == record.at


def test_boards_of_one_station_come_under_one_key_and_its_decisions_once() -> None:
    keying, deciding = station_key.KeyByStation(""), Harness(decide.Decide(DECIDER, "boards"))
    keying.open(deciding)  # type: ignore[arg-type]
    for minute, name in enumerate(["8000207", "koeln hbf", "KK", "Ko\u0308ln Hbf"] * 5):
        at = handmade.at(f"12:{minute:02}")
        key, board = keying.map(Row(name, handmade.body(handmade.row()), 0, minute, at))
        deciding.element(key, board, at)
    deciding.pass_watermark(handmade.at("13:00"))
    assert [one["id"] for one in _values(deciding, topics.DEPARTURES)] == ["Köln Hbf|RE 4711|2026-03-10T12:05"]


def test_a_record_without_key_or_value_is_a_board_that_cannot_be_read() -> None:
    keying = station_key.KeyByStation("")
    keying.open(Harness(decide.Decide(DECIDER, "boards")))  # type: ignore[arg-type]
    assert keying.map(Row(None, None, 0, 7, 0)) == Row("", Row(b"", 0, 7))


def test_what_is_stored_under_a_key_that_the_register_gave_up_is_forgotten_in_silence() -> None:
    deciding = Harness(decide.Decide(DECIDER, "boards"))
    deciding.element("8000207", (handmade.body(handmade.row()), 0, 0), handmade.at("12:00"))
    deciding.pass_watermark(1 << 62)
    assert deciding.emitted == []


def test_an_ending_whose_prediction_is_missing_is_counted_and_ends_nothing(
    job: dict[str, Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_registry(monkeypatch)
    scoring = Harness(score.Score(None))  # type: ignore[arg-type]
    for key, (_, at, batch) in job["describe"].emitted:
        endings = [one for one in decode_batch(batch) if isinstance(one[1], Ending)]
        scoring.element(key, (key, at, encode_batch(endings)))
    assert scoring.emitted == []
    predictions = len(_values(job["score"], topics.PREDICTIONS))
    assert _counts(scoring, "missing_predictions_total") == {(): predictions}
    assert _counts(job["score"], "missing_predictions_total") == {}


def test_every_departure_gets_one_prediction_one_outcome_and_one_example(job: dict[str, Harness]) -> None:
    departed = Counter(one["id"] for one in _values(job["decide"], topics.DEPARTURES) if one["kind"] == "departed")
    assert departed.total() > 50
    assert set(departed.values()) == {1}
    assert Counter(one["id"] for one in _values(job["score"], topics.PREDICTIONS)) == departed
    outcomes = _values(job["score"], topics.OUTCOMES)
    assert Counter(one["prediction"]["id"] for one in outcomes) == departed
    assert Counter(one["id"] for one in _values(job["score"], topics.EXAMPLES)) == departed
    assert {one["status"] for one in outcomes} >= {"arrived", "unlabelled"}


def test_each_departure_is_told_early_and_each_record_is_told_once(job: dict[str, Harness]) -> None:
    departed = {one["id"] for one in _values(job["decide"], topics.DEPARTURES) if one["kind"] == "departed"}
    early = _values(job["score"], topics.EARLY_PREDICTIONS)
    assert set(Counter((one["id"], one["revision"]) for one in early).values()) == {1}
    first = {one["id"]: one for one in early if one["stage"] == "early"}
    assert departed <= set(first)
    decided = {one["id"]: one for one in _values(job["score"], topics.PREDICTIONS)}
    assert all(first[id_]["told_at"] < made["decided_at"] for id_, made in decided.items())
    counted = Counter((one["stage"], one["reason"] or "none") for one in early)
    assert _counts(job["describe"], "early_predictions_total") == counted
    assert _counts(job["describe"], "early_wait_seconds_count") == {(): len(first)}


def test_each_early_record_of_a_decided_departure_has_one_outcome_that_of_its_prediction(
    job: dict[str, Harness],
) -> None:
    outcomes = {one["prediction"]["id"]: one for one in _values(job["score"], topics.OUTCOMES)}
    early = _values(job["score"], topics.EARLY_OUTCOMES)
    told = [one for one in _values(job["score"], topics.EARLY_PREDICTIONS) if one["id"] in outcomes]
    assert sorted(map(repr, (one["early"] for one in early))) == sorted(map(repr, told))
    for one in early:
        of_decided = outcomes[one["early"]["id"]]
        assert [one[name] for name in ("status", "observed_delay", "reason", "known_at")] == [
            of_decided[name] for name in ("status", "observed_delay", "reason", "known_at")
        ]
    first = [one for one in early if one["early"]["revision"] == 0]
    assert sum(_counts(job["score"], "early_outcomes_total").values()) == len(first) == len(outcomes)


def test_early_departures_wait_a_moment_for_each_other_also_over_a_restart(
    boards: list[BoardRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_registry(monkeypatch)
    told = [row for row in _through(boards)["follow"].emitted if isinstance(decode(row[1][2]), EarlyMessage)][:3]
    describing = Harness(describe.Describe(None, ""))  # type: ignore[arg-type]

    def emitted() -> int:
        return sum(len(decode_batch(batch)) for _, (_, _, batch) in describing.emitted)

    for row in told[:2]:
        describing.element(row[0], row[1])
    describing.pass_clock(HOLD - 1)
    assert emitted() == 0
    describing.restart()
    describing.element(told[2][0], told[2][1])
    describing.pass_clock(1)
    assert emitted() == 3
    describing.element(told[0][0], told[0][1])
    describing.pass_watermark(END_OF_INPUT)  # a bounded job ends before the clock has passed the moment
    assert emitted() == 4
    describing.pass_clock(HOLD)
    assert emitted() == 4


def test_a_timer_of_the_clock_does_not_look_through_all_early_predictions(
    job: dict[str, Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_registry(monkeypatch)
    scoring = Harness(score.Score(None))  # type: ignore[arg-type]
    looks: list[int] = []
    monkeypatch.setattr(score.LabelProcess, "forget_early", lambda _, now: looks.append(now))
    for key, (_, at, batch) in job["describe"].emitted:
        scoring.element(key, (key, at, batch))
        scoring.pass_clock(1_000)
    assert looks == []
    scoring.pass_watermark(END_OF_INPUT)
    scoring.pass_clock(1_000)
    assert len(looks) == len({key for key, _ in job["describe"].emitted})


def _texts(harness: Harness, operator: str) -> list[str]:
    """What an operator emitted, as text, sorted.

    Of an early departure what is told: its features forget the run's earlier departures at a restart.
    """
    rows = harness.emitted
    if operator == "follow":
        elements = [decode(row[1][2]) for row in rows]
        early = [_early(one) for one in elements if isinstance(one, EarlyMessage)]
        batches = [one for one in elements if not isinstance(one, EarlyMessage)]
        return sorted([*early, *(repr(decode_message(one)) for batch in batches for one in batch)])
    if operator == "describe":
        told = [one for row in rows for one in decode_batch(row[1][2])]
        return sorted(_early(one.message) if isinstance(one, DescribedEarly) else f"{at} {one}" for at, one in told)
    records = [record for batch in rows for record in zip(*batch, strict=True)]
    return sorted(map(repr, records))


def _early(one: EarlyMessage) -> str:
    return f"{one.departure.id} {one.stage} {one.revision} {one.departure.seen.delay}"


def test_operators_that_are_restarted_again_and_again_emit_the_same(
    boards: list[BoardRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_registry(monkeypatch)
    first = boards[: len(boards) // 3]
    whole, restarted = _through(first), _through(first, restart_every=5)
    for name, harness in whole.items():
        assert _texts(restarted[name], name) == _texts(harness, name), name
    assert len(whole["score"].emitted) > 10
    assert whole["describe"].emitted


def test_states_keep_the_names_that_savepoints_know(job: dict[str, Harness]) -> None:
    assert {name: harness.names for name, harness in job.items()} == {
        "decide": ["snapshot", "boards", "frontier", "told"],
        "follow": ["trains", "decisions"],
        "describe": ["waiting", "network", "observed", "early"],
        "score": ["pending", "early"],
    }


def _counts(harness: Harness, name: str) -> dict[tuple[str, ...], int]:
    """What a metric counted, by the values of its labels."""
    return {path[1:-1:2]: count for path, count in harness.counts().items() if path[-1] == name}


def test_operators_count_what_they_emit(job: dict[str, Harness], boards: list[BoardRecord]) -> None:
    decisions = _values(job["decide"], *topics.DECISIONS)
    kinds = Counter((one["kind"], one["rule"] or "none") for one in decisions)
    assert _counts(job["decide"], "decisions_total") == kinds
    doubted = Counter((o.cause,) for _, _, o in offline.decide(boards, DECIDER) if isinstance(o, RejectedBoard))
    assert _counts(job["decide"], "dead_letters_total") == doubted + Counter({("unreadable",): 1})
    assert _counts(job["decide"], "boards_total") == {("in_turn",): len(boards) + 1}
    rows = sum(count_rows(board.body) for board in boards)
    assert _counts(job["decide"], "rows_total") == {(): rows}
    predictions = _values(job["score"], topics.PREDICTIONS)
    assert _counts(job["score"], "predictions_total") == {("persistence", "baseline"): len(predictions)}
    assert _counts(job["score"], "persistence_predictions_total") == {(): len(predictions)}
    assert _counts(job["follow"], "messages_total")["departure",] == len(predictions)
    begun, forgotten = _counts(job["follow"], "runs_begun_total"), _counts(job["follow"], "runs_forgotten_total")
    assert begun == forgotten, "at the end of time no run is followed any more"
    outcomes = _values(job["score"], topics.OUTCOMES)
    classes = Counter((one["status"], CLASSES[train_class(one["prediction"]["category"])]) for one in outcomes)
    assert _counts(job["score"], "outcomes_total") == classes
    error = Counter[tuple[str, ...]]()
    for one in outcomes:
        if one["status"] == "arrived":
            off = abs(one["prediction"]["delay"] - one["observed_delay"])
            error[CLASSES[train_class(one["prediction"]["category"])],] += 60 * off
    assert _counts(job["score"], "persistence_absolute_error_seconds_total") == +error
    assert _counts(job["score"], "absolute_error_seconds_total") == +error, "persistence predicted"


def test_a_histogram_counts_each_departure_in_every_bucket_above_it(job: dict[str, Harness]) -> None:
    departed = [one for one in _values(job["decide"], topics.DEPARTURES) if one["kind"] == "departed"]
    waits = [
        (datetime.fromisoformat(one["decided_at"]) - datetime.fromisoformat(one["scheduled"])).total_seconds()
        - 60 * one["delay"]
        for one in departed
    ]
    buckets = _counts(job["decide"], "departure_wait_seconds_bucket")
    assert buckets["+Inf",] == _counts(job["decide"], "departure_wait_seconds_count")[()] == len(departed)
    assert {bound: sum(wait <= float(bound) for wait in waits) for (bound,) in buckets} == {
        bound: count for (bound,), count in buckets.items()
    }
    assert _counts(job["decide"], "departure_wait_seconds_sum") == {(): sum(waits)}


def test_every_metric_of_known_labels_is_there_from_the_start_under_the_operator_of_the_list(
    job: dict[str, Harness],
) -> None:
    for operator, harness in job.items():
        harness.counts()
        names = {path[-1].removesuffix("_bucket") for path in harness.metrics.counters}
        counted = {name.removesuffix("_sum").removesuffix("_count") for name in names}
        assert counted == {metric.name for metric in of_operator(operator)}
    assert {metric.operator for metric in JOB} == set(job)

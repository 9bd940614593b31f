"""The metrics of the main job, by the operator that counts them. Delays are told in seconds, as all of Prometheus."""

from __future__ import annotations

from typing import Final, get_args

from zielzeit.events.structs import DidNotLeave, Kind, Rule, Stage, Status
from zielzeit.metrics.definition import Label, Metric
from zielzeit.train_classes import CLASSES

NO_RULE: Final = "none"
"""Value of the label ``rule`` for corrected, late and undecided reports: no rule decided them."""
NO_REASON: Final = "none"
"""Value of the label ``reason`` of early records that are no retractions."""
EARLY, DECIDED = "early", "decided"
IN_TURN, LATE = "in_turn", "late"
IMPOSSIBLE_TIME, UNREADABLE, UNREADABLE_ROW = "impossible_time", "unreadable", "unreadable_row"
DEAD_FEED, OTHER_BOARD, OLD_BOARD = "dead_feed", "other_board", "old_board"

_KIND = Label("kind", "What became of the train: kinds of decisions of the glossary.", get_args(Kind))
_RULE = Label("rule", "Rule that decided; `none` where none did.", (*get_args(Rule), NO_RULE))
_TURN = Label("turn", "`in_turn`, or `late`: newer boards of the station were decided before.", (IN_TURN, LATE))
_CAUSE = Label(
    "cause",
    "`impossible_time`: polled before 1970 or after 2100; `unreadable`: no board; `unreadable_row`: one row of a "
    "board; `dead_feed`, `other_board`, `old_board`: doubted, because all delays are 0, because its trains are not the "
    "station's, or because they have left.",
    (IMPOSSIBLE_TIME, UNREADABLE, UNREADABLE_ROW, DEAD_FEED, OTHER_BOARD, OLD_BOARD),
)
_MODEL = Label("model", "Name of the model in the registry; `persistence` without a model.")
_VERSION = Label("version", "Version of the model; `baseline` without a model.")
_STATUS = Label("status", "What became of the train at its destination.", get_args(Status))
_CLASS = Label("train_class", "Train class.", CLASSES)
_MESSAGE = Label("message", "What was told.", ("departure", "cancelled_stop", "ending"))

_STAGE = Label("stage", "What the record says: stages of the topic `early-predictions`.", get_args(Stage))
_REASON = Label("reason", "Why it was retracted; `none` if it was not.", (*get_args(DidNotLeave), NO_REASON))
_TOLD = Label(
    "told", "`early`: the first early prediction; `decided`: the one of the decided departure.", (EARLY, DECIDED)
)

BOARDS: Final = Metric(
    operator="decide",
    name="boards_total",
    unit="boards",
    labels=(_TURN,),
    meaning="Boards that were decided, or came after their turn. A board that another one of the same instant replaces "
    "is not counted.",
)
ROWS: Final = Metric(operator="decide", name="rows_total", unit="rows", meaning="Readable rows of these boards.")
DEAD_LETTERS: Final = Metric(
    operator="decide",
    name="dead_letters_total",
    unit="records",
    labels=(_CAUSE,),
    meaning="Records of the topic `dead-letters`: boards that could not be read or were doubted, and rows that could "
    "not be read.",
)
DECISIONS: Final = Metric(
    operator="decide",
    name="decisions_total",
    unit="decisions",
    labels=(_KIND, _RULE),
    meaning="Decisions, corrections and late reports.",
)
UNKNOWN_STATIONS: Final = Metric(
    operator="decide",
    name="unknown_station_decisions_total",
    unit="decisions",
    meaning="Decisions at a station, or of a train to one, that the station register does not know: its name is its "
    "own identity. `zielzeit stations check` lists such names.",
)
DECISION_LAG: Final = Metric(
    operator="decide",
    name="decision_lag_seconds",
    type="histogram",
    unit="seconds",
    bounds=(60, 120, 300, 360, 480, 600, 900, 1800, 3600),
    meaning="Time from the poll of the board that decided, or from the deadline, to the decision, by the machine's "
    "clock: `grace`, the wait for the watermark, and the backlog. Of a replay of old boards it says nothing.",
)
DEPARTURE_WAIT: Final = Metric(
    operator="decide",
    name="departure_wait_seconds",
    type="histogram",
    unit="seconds",
    bounds=(300, 600, 900, 1200, 1800, 3600),
    meaning="Event time from a train's departure to its decision.",
)

RUNS_BEGUN: Final = Metric(
    operator="follow", name="runs_begun_total", unit="runs", meaning="Runs of which a first decision came."
)
RUNS_FORGOTTEN: Final = Metric(
    operator="follow",
    name="runs_forgotten_total",
    unit="runs",
    meaning="Runs that are over and were forgotten. Those begun less those forgotten are followed.",
)
MESSAGES: Final = Metric(
    operator="follow",
    name="messages_total",
    unit="messages",
    labels=(_MESSAGE,),
    meaning="What was told of runs to the network and to the labels.",
)

PREDICTIONS: Final = Metric(
    operator="score",
    name="predictions_total",
    unit="predictions",
    labels=(_MODEL, _VERSION),
    meaning="Predictions by the model that made them.",
)
EARLY_PREDICTIONS: Final = Metric(
    operator="describe",
    name="early_predictions_total",
    unit="records",
    labels=(_STAGE, _REASON),
    meaning="Records of the topic `early-predictions`. Those revised and those retracted, each divided by the early "
    "ones, are the shares of departures that moved by three minutes or more, and that were none.",
)
EARLY_WAIT: Final = Metric(
    operator="describe",
    name="early_wait_seconds",
    type="histogram",
    unit="seconds",
    bounds=(60, 120, 180, 240, 300, 420, 600, 900, 1800),
    meaning="Event time from the departure that a board believes to the board that tells it early.",
)
PERSISTENCE: Final = Metric(
    operator="score",
    name="persistence_predictions_total",
    unit="predictions",
    meaning="Predictions that persistence made, because no model was there.",
)
DESCRIPTION_TIME: Final = Metric(
    operator="describe",
    name="description_microseconds_total",
    unit="microseconds",
    meaning="Time spent on describing departures by their features.",
)
SCORING_TIME: Final = Metric(
    operator="score",
    name="scoring_microseconds_total",
    unit="microseconds",
    meaning="Time spent in the model.",
)
MODEL_REGISTERED: Final = Metric(
    operator="score",
    name="model_registered_timestamp_seconds",
    type="value",
    unit="seconds since 1970",
    meaning="When the model in use was registered; 0 while persistence predicts.",
)
REFUSED_VERSIONS: Final = Metric(
    operator="score",
    name="refused_versions_total",
    unit="versions",
    meaning="Model versions that could not be loaded, failed their check or failed in use.",
)
REGISTRY_FAILURES: Final = Metric(
    operator="score",
    name="registry_failures_total",
    unit="looks",
    meaning="Looks for a newer model that failed, mostly because the registry did not answer.",
)

OUTCOMES: Final = Metric(
    operator="score",
    name="outcomes_total",
    unit="outcomes",
    labels=(_STATUS, _CLASS),
    meaning="Predictions of which it is settled what became of the train.",
)
MISSING_PREDICTIONS: Final = Metric(
    operator="score",
    name="missing_predictions_total",
    unit="departures",
    meaning="Departures whose prediction is not in the state when their run has ended: they get no outcome.",
)
MODEL_ERROR: Final = Metric(
    operator="score",
    name="absolute_error_seconds_total",
    unit="seconds",
    labels=(_CLASS,),
    meaning="Sum of the absolute errors of the predictions whose train arrived.",
)
PERSISTENCE_ERROR: Final = Metric(
    operator="score",
    name="persistence_absolute_error_seconds_total",
    unit="seconds",
    labels=(_CLASS,),
    meaning="Sum of the absolute errors that persistence made for the same predictions: skill is 1 less the quotient "
    "of the two sums.",
)
INTERVALS: Final = Metric(
    operator="score",
    name="intervals_total",
    unit="outcomes",
    labels=(_CLASS,),
    meaning="Arrivals of which the prediction had an interval from `p10` to `p90`.",
)
COVERED: Final = Metric(
    operator="score",
    name="intervals_covered_total",
    unit="outcomes",
    labels=(_CLASS,),
    meaning="Arrivals inside of this interval: four of five are expected.",
)
EARLY_OUTCOMES: Final = Metric(
    operator="score",
    name="early_outcomes_total",
    unit="outcomes",
    labels=(_STATUS, _CLASS),
    meaning="First early predictions of which it is settled what became of the train.",
)
EARLY_ERROR: Final = Metric(
    operator="score",
    name="early_absolute_error_seconds_total",
    unit="seconds",
    labels=(_CLASS,),
    meaning="Sum of the absolute errors of the first early predictions whose train arrived.",
)
SHOWN_ERROR: Final = Metric(
    operator="score",
    name="early_persistence_absolute_error_seconds_total",
    unit="seconds",
    labels=(_CLASS,),
    meaning="Sum of the absolute errors that the delays shown made for the same predictions.",
)
EARLY_INTERVALS: Final = Metric(
    operator="score",
    name="early_intervals_total",
    unit="outcomes",
    labels=(_CLASS,),
    meaning="Arrivals of which the first early prediction had an interval from `p10` to `p90`.",
)
EARLY_COVERED: Final = Metric(
    operator="score",
    name="early_intervals_covered_total",
    unit="outcomes",
    labels=(_CLASS,),
    meaning="Arrivals inside of this interval.",
)
IN_TIME: Final = Metric(
    operator="score",
    name="in_time_total",
    unit="predictions",
    labels=(_TOLD, _CLASS),
    meaning="Predictions that were made before their train arrived, by event time. Divided by the arrivals of the same "
    "class: the share of trains that were predicted in time.",
)

JOB: Final = (
    BOARDS,
    ROWS,
    DEAD_LETTERS,
    DECISIONS,
    UNKNOWN_STATIONS,
    DECISION_LAG,
    DEPARTURE_WAIT,
    RUNS_BEGUN,
    RUNS_FORGOTTEN,
    MESSAGES,
    PREDICTIONS,
    EARLY_PREDICTIONS,
    EARLY_WAIT,
    PERSISTENCE,
    DESCRIPTION_TIME,
    SCORING_TIME,
    MODEL_REGISTERED,
    REFUSED_VERSIONS,
    REGISTRY_FAILURES,
    OUTCOMES,
    MISSING_PREDICTIONS,
    MODEL_ERROR,
    PERSISTENCE_ERROR,
    INTERVALS,
    COVERED,
    EARLY_OUTCOMES,
    EARLY_ERROR,
    SHOWN_ERROR,
    EARLY_INTERVALS,
    EARLY_COVERED,
    IN_TIME,
)
"""All metrics of the main job, in the order of the operators."""


def of_operator(name: str) -> tuple[Metric, ...]:
    """Return the metrics that an operator counts."""
    return tuple(metric for metric in JOB if metric.operator == name)

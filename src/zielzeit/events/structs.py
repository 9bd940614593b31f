"""The records of the topics as frozen structs, JSON on the wire.

Times are aware, in Europe/Berlin, and written with their offset. Delays and horizons are minutes. The JSON Schemas in
``schemas/`` and the descriptions of columns in ``docs/data.md`` are generated from these structs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Kind = Literal["departed", "terminated", "cancelled", "withdrawn", "undecided", "corrected", "late"]
"""What became of a train at a station; ``corrected`` and ``late`` follow an earlier decision with the same id."""

Rule = Literal["settled", "silence"]
"""Rule that decided: see ``zielzeit.decision.rules``."""


Status = Literal["arrived", "cancelled", "unlabelled"]
"""What became of a train at its destination."""

Unlabelled = Literal["not-seen", "ended-elsewhere"]
"""Why it is not known what became of a train at its destination."""


Stage = Literal["early", "revised", "retracted"]
"""What an early record says: a departure for the first time, or with another delay, or that there was none."""

DidNotLeave = Literal["cancelled", "withdrawn", "undecided", "terminated"]
"""Kinds of decisions after which an early departure is retracted; ``terminated``: its run was cut short here."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What became of one train at one station: topics ``departures``, ``undecided`` and ``late``."""

    id: str
    """Id made of the station's key, category, number and planned local time; a departure's prediction has the same id.
    The key is one for all ways to ask for a station: its name on boards where the station register knows it."""
    kind: Kind
    """What became of the train: ``departed``, ``terminated`` (its run ends here), ``cancelled``, ``withdrawn``
    (vanished long before it could leave), ``undecided`` (no board shows what became of it), ``corrected`` (newer values
    of a decided train), ``late`` (a report after the decision)."""
    station: str
    """Station: its name on boards where the station register or the routes tell it; else what the poller was told."""
    train: str
    """Name of the train on the board, e.g. ``RE 7``."""
    category: str
    """Category of the train: ``ICE``, ``RE``, ``S`` …"""
    number: str
    """Number of the train."""
    line: str
    """Line without its category (``RE 7`` and ``RE RE7`` are both ``7``); empty if the train has none."""
    destination: str
    """Last stop of the run in the deciding report."""
    scheduled: datetime
    """Planned departure, or planned arrival where the run ends here."""
    delay: int | None
    """Delay in the deciding report, minutes; None for cancelled, withdrawn and undecided trains."""
    cancelled: bool
    """True if the deciding report says that the train does not run here."""
    realtime: bool
    """True if the deciding report has real-time data; without it, delay 0 means unknown."""
    last_seen: datetime
    """``polled_at`` of the deciding report."""
    first_missing: datetime | None
    """``polled_at`` of the first board without the train; None while it is on the boards."""
    decided_at: datetime
    """Event time at which the decision is known: time of the deciding board or deadline, plus grace."""
    rule: Rule | None
    """Rule that decided, ``settled`` or ``silence``; None for corrected and late reports."""
    platform: str | None
    """Platform in the deciding report."""
    starts_here: bool
    """True if the run begins here by the timetable."""
    ends_here: bool
    """True if the run ends here, by the timetable or because every later stop is cancelled."""
    route_ahead: tuple[str, ...]
    """Stops after this one, in order and without cancelled ones; the last one is the destination."""
    route_behind: tuple[str, ...] = ()
    """Stops before this one, in order and without cancelled ones."""
    delay_estimate: float | None = None
    """Estimate of the true delay, minutes, if silence decided: the last reported ``delay`` is then too low."""
    delay_error: float | None = None
    """Mean absolute error of ``delay_estimate``, minutes."""
    revision: int = 0
    """Number of earlier decisions and corrections with this id."""
    cancelled_ahead: tuple[str, ...] = ()
    """Stops after this one that are cancelled in the deciding report, in order."""
    arrival_delay: int | None = None
    """Delay of the arrival here in the deciding report, minutes; None where the run begins or the report tells none."""
    station_eva: str = ""
    """EVA number of the station; empty if the station register does not know it."""
    destination_eva: str = ""
    """EVA number of the destination; empty if the station register does not know it."""


class ModelOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What a model predicts for one departure. Its field names are the names of the outputs wherever they stand."""

    predicted_delay: float
    """Delay at the destination, minutes: the median that the model expects."""
    p10: float | None
    """Minutes: one run in ten is expected to be less late; None where the model does not say."""
    p90: float | None
    """Minutes: one run in ten is expected to be later; None where the model does not say."""
    cancel_probability: float | None
    """Probability that the run does not reach the destination, 0 to 1; None where the model does not say."""


class Prediction(ModelOutput, frozen=True):
    """The delay expected at the destination, predicted when a departure is decided: topic ``predictions``."""

    id: str
    """Id of the departure; each departure has one prediction."""
    station: str
    train: str
    category: str
    number: str
    line: str
    destination: str
    scheduled: datetime
    departed_at: datetime
    """Departure: the planned one plus the delay."""
    decided_at: datetime
    """Event time at which the departure was decided and the prediction made."""
    delay: int
    """Delay at the departure, minutes: the prediction of persistence."""
    horizon: float | None
    """Planned minutes from this departure to the arrival at the destination; None if no board has shown them."""
    model_name: str
    """Name of the model in the registry; ``persistence`` without a model."""
    model_version: str
    """Version of the model in the registry; ``baseline`` without a model."""
    model_run_id: str
    """MLflow id of the training run; empty without a model."""
    station_eva: str = ""
    """EVA number of the station; empty if the station register does not know it."""
    destination_eva: str = ""
    """EVA number of the destination; empty if the station register does not know it."""


class EarlyPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """The delay expected at the destination, told before the departure is decided: topic ``early-predictions``.

    Each id and revision is told once. The decided prediction of the same id follows on ``predictions``, unless the
    departure is retracted.
    """

    id: str
    """Id of the departure: its decision and its prediction will have the same."""
    revision: int
    """Number of earlier records with this id."""
    stage: Stage
    """``early``: a board believes that the train has left; ``revised``: the delay shown has moved by three minutes or
    more since; ``retracted``: the train did not leave."""
    reason: DidNotLeave | None
    """Kind of the decision that retracts the departure; None if it is not retracted."""
    station: str
    train: str
    category: str
    number: str
    line: str
    destination: str
    scheduled: datetime
    departed_at: datetime
    """Departure as it is believed: the planned one plus the delay shown."""
    told_at: datetime
    """``polled_at`` of the board that tells it; of a retraction the time of the decision."""
    shown_delay: int
    """Delay that the board shows, minutes."""
    delay: int
    """Delay at the departure that is expected, minutes: the one shown and the mean of what boards still add to it. The
    prediction is the mixture for each value that they may add."""
    horizon: float | None
    """Planned minutes from this departure to the arrival at the destination; None if no board has shown them."""
    predicted_delay: float | None
    """Delay at the destination, minutes: the median that the model expects; None if it is retracted."""
    p10: float | None
    """Minutes: one run in ten is expected to be less late; None where the model does not say, or it is retracted."""
    p90: float | None
    """Minutes: one run in ten is expected to be later; None where the model does not say, or it is retracted."""
    cancel_probability: float | None
    """Probability that the run does not reach the destination, 0 to 1; None where the model does not say, or it is
    retracted."""
    model_name: str
    """Name of the model in the registry; ``persistence`` without a model, empty if it is retracted."""
    model_version: str
    """Version of the model in the registry; ``baseline`` without a model, empty if it is retracted."""
    model_run_id: str
    """MLflow id of the training run; empty without a model."""
    station_eva: str = ""
    """EVA number of the station; empty if the station register does not know it."""
    destination_eva: str = ""
    """EVA number of the destination; empty if the station register does not know it."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A board that could not be read or is not plausible, or a row that could not be read: topic ``dead-letters``."""

    reason: str
    """What is wrong with the board or the row. A row is reported once for each train and reason."""
    topic: str
    """Topic of the board's record."""
    partition: int
    """Partition of the board's record; -1 if time passed without a board."""
    offset: int
    """Offset of the board's record; -1 if time passed without a board."""
    key: str
    """Key of the board's station; the record's own, unless a producer spelled it differently."""
    timestamp: datetime
    """``polled_at`` of the board."""
    body: bytes
    """Value of the board's record, compressed if it came so, or the row's JSON; base64 in JSON."""
    truncated: bool
    """True if ``body`` was cut off; the whole is still at ``topic``, ``partition`` and ``offset``."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction joined with what happened: topic ``outcomes``, exactly one for each prediction."""

    prediction: Prediction
    """The prediction, as it stands on its topic."""
    status: Status
    """``arrived``; ``cancelled``: a board said that the train did not reach the destination; ``unlabelled``: no board
    said what became of it."""
    known_at: datetime
    """Event time at which the outcome was known."""
    observed_delay: int | None
    """Delay at the destination, minutes; None unless the train arrived there."""
    reason: Unlabelled | None = None
    """Why an outcome is unlabelled: ``not-seen``, no board showed an end of the run; ``ended-elsewhere``, the run ended
    at a station that does not lie before the destination on its route. None if it is not."""


class EarlyOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An early prediction joined with what happened: topic ``early-outcomes``, exactly one for each early prediction of
    a departure that was decided. The outcome of the decided prediction has the same id."""

    early: EarlyPrediction
    """The early prediction, as it stands on its topic; its first one has revision 0."""
    status: Status
    """``arrived``; ``cancelled``: a board said that the train did not reach the destination; ``unlabelled``: no board
    said what became of it."""
    known_at: datetime
    """Event time at which the outcome was known."""
    observed_delay: int | None
    """Delay at the destination, minutes; None unless the train arrived there."""
    reason: Unlabelled | None = None
    """Why an outcome is unlabelled, as on the topic ``outcomes``. None if it is not."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Features and label of one departure: topic ``examples``, input of the training."""

    id: str
    """Id of the prediction."""
    service_day: date
    """Service day of the run: the day of its earliest planned time on a board; a day begins at three."""
    scheduled: datetime
    decided_at: datetime
    """Event time at which the departure was decided; the features contain nothing later."""
    known_at: datetime
    """Event time at which the label was known."""
    category: str
    number: str
    line: str
    station: str
    destination: str
    delay: int
    """Delay at the departure, minutes."""
    features: dict[str, float | None]
    """Features by name, in the order of ``zielzeit.features.definition.FEATURES``; None is unknown."""
    final_delay: int | None
    """Label: delay at the destination, minutes; None if the train was cancelled or nobody saw it arrive."""
    cancelled: bool | None
    """True if the train did not reach its destination; None if nobody saw what became of it."""
    station_eva: str = ""
    """EVA number of the station; empty if the station register does not know it."""
    destination_eva: str = ""
    """EVA number of the destination; empty if the station register does not know it."""

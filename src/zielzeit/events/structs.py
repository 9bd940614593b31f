"""The events that travel between operators and out to Kafka: frozen, typed, JSON on the wire.

Times are timezone-aware (written with their offset, Europe/Berlin for timetable times, UTC for ``…_at`` fields of
the pipeline). Delays and horizons are minutes. ``schemas/`` holds the JSON Schema of each struct, made from here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

Kind = Literal["departed", "terminated", "cancelled", "withdrawn", "undecided", "corrected", "late"]
"""What became of a train at a station; ``corrected`` and ``late`` follow an earlier decision with the same id."""

Rule = Literal["settled", "silence"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One decided fact about a train at a station: topics ``departures``, ``undecided`` and ``late``."""

    id: str
    """Deterministic: station, train, number and planned local date-time. The prediction bears the same id."""
    kind: Kind
    """What became of the train there: ``departed``, ``terminated`` (its run ends there), ``cancelled``, ``withdrawn``
    (gone long before it could leave), ``undecided``, ``corrected`` (later news of an earlier decision), ``late``."""
    station: str
    """Where, as the boards were asked for."""
    train: str
    """As on the board, e.g. ``RE 7``."""
    category: str
    """Of the train: ``ICE``, ``RE``, ``S`` …"""
    number: str
    """Of the train."""
    line: str
    """Normalised line (``RE 7`` and ``RE RE7`` are both ``7``); empty where the train has none."""
    destination: str
    """Where the run ends, as the deciding report said."""
    scheduled: datetime
    """Planned departure, or planned arrival where the run ends here."""
    delay: int | None
    """Minutes at the deciding report; None where it means nothing (undecided, withdrawn)."""
    cancelled: bool
    """Whether the deciding report says that the train does not run here."""
    realtime: bool
    """Whether that report rests on real-time data; without, delay 0 means unknown."""
    last_seen: datetime
    """``polled_at`` of the deciding report."""
    first_missing: datetime | None
    """``polled_at`` of the first board without the train, where it vanished."""
    decided_at: datetime
    """Event time at which the decision is known: the deciding board or deadline, plus grace."""
    rule: Rule | None
    """What decided; None where nothing did."""
    platform: str | None
    """As the deciding report said."""
    starts_here: bool
    """Whether the run begins here, by the timetable."""
    ends_here: bool
    """By the timetable, or because every later stop is cancelled."""
    route_ahead: tuple[str, ...]
    """Stops still to come, in order, cancelled ones left out; the last one is the destination."""
    route_behind: tuple[str, ...] = ()
    """Stops already made, in order."""
    delay_estimate: float | None = None
    """Where silence decided: the true delay, minutes, as far as it can be told. The last value ``delay`` is biased."""
    delay_error: float | None = None
    """How far ``delay_estimate`` is off on average, minutes."""
    revision: int = 0
    """0 for the decision, 1, 2, … for its corrections."""


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
    """The delay expected at the destination, said at the moment of departure: topic ``predictions``."""

    id: str
    """The departure's: one prediction for each."""
    station: str
    train: str
    category: str
    number: str
    line: str
    destination: str
    scheduled: datetime
    departed_at: datetime
    """Planned departure plus delay."""
    decided_at: datetime
    """Event time at which the departure was decided, and this said."""
    delay: int
    """Minutes at departure: what persistence predicts."""
    horizon: float | None
    """Planned minutes from this departure to the arrival at the destination; None where no board revealed it."""
    model_name: str
    """In the registry; ``persistence`` where there was no model."""
    model_version: str
    """In the registry; ``baseline`` where there was no model."""
    model_run_id: str
    """MLflow's id of the training run; empty where there was no model."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A board that was not understood or not believed, as it came: topic ``dead-letters``."""

    reason: str
    topic: str
    partition: int
    offset: int
    key: str
    timestamp: datetime
    """``polled_at``."""
    body: bytes
    """The record's value, base64 on the wire, packed as it came."""
    truncated: bool
    """Whether ``body`` was cut; the whole is still at ``topic``, ``partition`` and ``offset``."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction joined with what happened: topic ``outcomes``, exactly one for each prediction."""

    prediction: Prediction
    """The prediction, as it stands on its topic."""
    status: Literal["arrived", "cancelled", "unlabelled"]
    """``cancelled``: the train did not reach the predicted destination. ``unlabelled``: nobody saw it arrive."""
    known_at: datetime
    """Event time at which the outcome was known."""
    observed_delay: int | None
    """Delay at the destination, minutes; None unless the train arrived there."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Features and label of one departure: topic ``examples``, what training reads."""

    id: str
    """The prediction's."""
    service_day: date
    """Of the run: the day on which it left its first station that was on a board; a day begins at three."""
    scheduled: datetime
    decided_at: datetime
    """Event time at which the departure was decided: nothing later is in the features."""
    known_at: datetime
    """Event time at which the label was known."""
    category: str
    number: str
    line: str
    station: str
    destination: str
    delay: int
    features: dict[str, float | None]
    """By name, in the order of ``zielzeit.features.network_state.FEATURES``; None is unknown."""
    final_delay: int | None
    """Minutes at the destination, the label; None where it was cancelled or not seen."""
    cancelled: bool | None
    """Whether the train did not reach its destination; None where nobody saw."""

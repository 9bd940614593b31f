"""What the spelling of stations costs a model: the same departures with the boards' names, with an archive's names, and
with the boards' names compared as they are spelled, without the station register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from zielzeit import train_classes
from zielzeit.evaluation.outcomes import labelled
from zielzeit.features.definition import FEATURES
from zielzeit.features.key_names import StationKey
from zielzeit.features.network_state import FeatureInput
from zielzeit.model.predict import ServedModel
from zielzeit.progress import SILENT, Progress
from zielzeit.runs.messages import CancelledStop, Departure, Ending, Message, RunMessage

Spell = Callable[[str], str]
"""Returns another spelling of a station's name."""
Row = npt.NDArray[np.float64]


class ClassSkill(msgspec.Struct, frozen=True):
    """Errors over the departures of a train class that arrived, minutes."""

    name: str
    arrived: int
    """Number of departures whose delay at the destination is known."""
    persistence: float
    """Mean absolute error of persistence."""
    boards: float
    """Mean absolute error with the boards' names, as the job serves it."""
    archive: float
    """With the archive's names."""
    spelling: float
    """With the boards' names, compared as they are spelled."""

    def skill(self, error: float) -> float:
        """Return 1 − ``error`` / error of persistence; 0 where persistence has none."""
        return 1 - error / self.persistence if self.persistence else 0.0


class ServedNames(msgspec.Struct, frozen=True):
    """Comparison of the three ways."""

    weeks_later: int
    """Number of weeks by which the boards were taken to be later than they were recorded."""
    departures: int
    """Number of departures of the categories that the model's state knows."""
    renamed: int
    """Number of those with a station that the archive spells otherwise than the boards."""
    ambiguous: dict[str, int]
    """Names of the archive that alone mean another station or none: by its EVA number the station is a part of that
    name's (``Leipzig Hbf (tief)``), or the register lacks the name. By name, number of departures that keep the boards'
    name of the station."""
    differ: dict[str, int]
    """By feature, departures with another value under the archive's names than under the boards'; equal ones left
    out."""
    lost: dict[str, int]
    """By feature, departures with another value where names are compared as they are spelled."""
    classes: list[ClassSkill]


class _Scored(NamedTuple):
    ids: list[str]
    classes: list[str]
    features: Row
    """A row for each departure."""
    predicted: Row
    observed: Row
    """Delay at the destination, minutes; NaN where it is not known."""


def compare(
    messages: Sequence[RunMessage],
    served: ServedModel,
    station_key: StationKey,
    archive: Mapping[str, str],
    categories: frozenset[str],
    weeks: int = 0,
    progress: Progress = SILENT,
) -> ServedNames:
    """Score the departures among the messages of runs in three ways and compare features and errors.

    ``archive`` has the archive's name by key of the station, ``categories`` the categories of trains to compare;
    ``weeks`` is told in the result.
    """

    by_name = {key: name for key, name in archive.items() if station_key(name) == key}

    def in_archive(name: str) -> str:
        return by_name.get(station_key(name), name)

    def as_spelled(name: str) -> str:
        """The key of a station without a register; of the model's state, which holds keys, the archive's spelling."""
        return archive.get(name, name)

    ways: list[tuple[str, Iterator[RunMessage], StationKey]] = [
        ("boards' names", iter(messages), station_key),
        ("archive's names", spelled(messages, in_archive), station_key),
        ("boards' names as spelled", iter(messages), as_spelled),
    ]
    scored = []
    for title, way, key in ways:
        with progress.step(f"describe and score: {title}"):
            scored.append(_scored(way, served, key, categories))
    boards, other, spelling = scored
    departures = [
        message.seen
        for _, _, message in messages
        if isinstance(message, Departure) and message.seen.category in categories
    ]
    ambiguous = Counter(
        archive[key]
        for seen in departures
        for key in {station_key(name) for name in (seen.station, *seen.route_ahead)} & (archive.keys() - by_name.keys())
    )
    return ServedNames(
        weeks_later=weeks,
        departures=len(boards.ids),
        renamed=sum(any(in_archive(name) != name for name in (one.station, *one.route_ahead)) for one in departures),
        ambiguous=dict(ambiguous.most_common()),
        differ=_different(boards, other),
        lost=_different(boards, spelling),
        classes=list(_errors(boards, other, spelling)),
    )


def spelled(messages: Sequence[RunMessage], spell: Spell) -> Iterator[RunMessage]:
    """Yield the messages with every station's name in another spelling."""
    for at, train, message in messages:
        yield RunMessage(at, train, _spelled(message, spell))


def _spelled(message: Message, spell: Spell) -> Message:
    match message:
        case CancelledStop():
            return msgspec.structs.replace(message, station=spell(message.station))
        case Departure():
            return msgspec.structs.replace(message, seen=_input(message.seen, spell))
        case Ending():
            departures = [msgspec.structs.replace(one, seen=_input(one.seen, spell)) for one in message.departures]
            return msgspec.structs.replace(message, departures=tuple(departures))


def _input(seen: FeatureInput, spell: Spell) -> FeatureInput:
    return msgspec.structs.replace(
        seen,
        station=spell(seen.station),
        destination=spell(seen.destination),
        route_ahead=tuple(map(spell, seen.route_ahead)),
        previous_station=seen.previous_station and spell(seen.previous_station),
    )


def _scored(
    messages: Iterator[RunMessage], served: ServedModel, key: StationKey, categories: frozenset[str]
) -> _Scored:
    ids, classes = [], []
    features: list[Row] = []
    predicted, observed = [], []
    for outcome, example in labelled(messages, key, served):
        if example.category in categories:
            ids.append(example.id)
            classes.append(train_classes.CLASSES[train_classes.train_class(example.category)])
            features.append(np.array([example.features[name] for name in FEATURES], dtype=np.float64))
            predicted.append(outcome.prediction.predicted_delay)
            observed.append(np.nan if outcome.observed_delay is None else float(outcome.observed_delay))
    table = np.array(features).reshape(len(ids), len(FEATURES))
    return _Scored(ids, classes, table, np.array(predicted, dtype=np.float64), np.array(observed, dtype=np.float64))


def _different(one: _Scored, other: _Scored) -> dict[str, int]:
    """By feature, rows in which two ways differ; both have the same departures in the same order."""
    if one.ids != other.ids:
        raise ValueError("the ways have other departures")
    same = (one.features == other.features) | (np.isnan(one.features) & np.isnan(other.features))
    counts = (~same).sum(axis=0).tolist()
    return {name: count for name, count in zip(FEATURES, counts, strict=True) if count}


def _errors(boards: _Scored, archive: _Scored, spelling: _Scored) -> Iterator[ClassSkill]:
    delay = boards.features[:, FEATURES.index("delay")]
    known = ~np.isnan(boards.observed)
    for name in train_classes.CLASSES:
        chosen = known & (np.array(boards.classes) == name)
        if chosen.any():
            errors = [
                float(np.abs(boards.observed - said)[chosen].mean())
                for said in (delay, boards.predicted, archive.predicted, spelling.predicted)
            ]
            yield ClassSkill(name, int(chosen.sum()), *errors)

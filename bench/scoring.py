"""Time of describing and of scoring a departure, in one process.

Departures of simulated boards go through the job's own objects: each instant alone, as they come live, and whole
minutes at a time, as in a job that catches up. And the model alone scores rows of examples in batches of different
sizes, which take turns so that a busy machine slows all alike.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.inputs import Boards
from bench.measurement import Measurement, summary
from zielzeit import train_classes
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.decider import Decider
from zielzeit.decision.offline import decide
from zielzeit.evaluation.outcomes import followed
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events import topic_record
from zielzeit.features.key_names import station_keys
from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.delay_model import LightGBMModel, load_model
from zielzeit.model.described import by_bucket, decode_batch, encode_batch
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.loading import load_served
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.scoring_process import ScoringProcess
from zielzeit.progress import Progress
from zielzeit.runs.group_keys import group_keys
from zielzeit.runs.messages import RunMessage, waiting
from zielzeit.settings import Settings
from zielzeit.stations.table import register
from zielzeit.stored_value import InMemory

_BATCH_SIZES: Final = (1, 20, 1000)
_ROWS: Final = max(_BATCH_SIZES)
_MICROSECONDS: Final = 1e6
_FEATURES, _MODEL = "features, elapsed", "model, elapsed"
"""As the job counts them: other programs on the machine lengthen them."""
_DESCRIBE, _SCORE = "all of `describe`, processor time", "all of `score`, processor time"
"""The first is not parallel. Without early departures."""
_STEPS: Final = {"live": Milliseconds(1), "catching up": Milliseconds(MINUTE)}
"""By how much the watermark advances."""
_END: Final = Milliseconds(2**62)


def measure(settings: Settings, boards: Boards, made: Path, repeat: int, progress: Progress) -> list[Measurement]:
    """Microseconds a departure; ``made`` is what ``bench.model.trained`` returns."""
    known = register(settings.stations)
    outputs = [output for _, _, output in decide(boards, Decider.of(settings))]
    messages = list(followed(outputs, group_keys(known)))
    served = load_served(made / "model", "bench", "1", "bench")
    _pass(messages, served, _STEPS["catching up"])  # loads the machine code
    found: defaultdict[str, list[float]] = defaultdict(list)
    with progress.step("describe and score", repeat * len(_STEPS)) as step:
        for _ in range(repeat):
            for way, jump in _STEPS.items():
                for name, value in _pass(messages, served, jump).items():
                    found[f"{way}: {name}"].append(value)
                step.advance()
    note = f"{sum(output.__class__.__name__ == 'Decision' for output in outputs):,} decisions of {boards.described()}"
    return [
        *(summary("score", name, "µs/departure", values, note=note) for name, values in found.items()),
        *_batches(made, repeat),
    ]


def _pass(messages: Sequence[RunMessage], served: ServedModel, jump: Milliseconds) -> dict[str, float]:
    """Microseconds a departure of one pass over all messages; the watermark advances by ``jump`` at a time."""
    recorder, timers = Recorder(), EventTimeTimers()
    describing = DescribingProcess(
        {}, InMemory(Snapshot), {}, lambda: served.network, station_key=station_keys(register("")), recorder=recorder
    )
    scoring = ScoringProcess(OneModel(served), LabelProcess({}, {}), recorder)
    batches: list[bytes] = []
    begin = time.process_time()
    for message in messages:
        timer = describing.on_messages(waiting([message]))
        if timer is not None:
            timers.register("", timer)
    for timer, _ in timers.fire(_END):
        done = describing.on_time(Milliseconds(-(-timer // jump) * jump))
        if done.register is not None:
            timers.register("", done.register)
        batches += map(encode_batch, by_bucket(done.told).values())
    described = time.process_time()
    for batch in batches:
        for event in scoring.on_batch(decode_batch(batch)).events():
            topic_record.of_scored(event)
    scored = time.process_time()
    counts = Counter[str]()
    for count, value in recorder.take().items():
        counts[count.name] += value
    departures = counts[job.PREDICTIONS.name]
    return {
        _FEATURES: counts[job.DESCRIPTION_TIME.name] / departures,
        _MODEL: counts[job.SCORING_TIME.name] / departures,
        _DESCRIBE: (described - begin) * _MICROSECONDS / departures,
        _SCORE: (scored - described) * _MICROSECONDS / departures,
    }


def _batches(made: Path, repeat: int) -> list[Measurement]:
    """Microseconds a row of the model alone, by the size of the batch, of the train class with most examples."""
    from bench.model import LAST  # noqa: PLC0415
    from training import dataset  # noqa: PLC0415 - polars takes a second to import

    classes = range(len(train_classes.CLASSES))
    data = [dataset.load(made / "examples", one, LAST, LAST, most=_ROWS) for one in classes]
    largest = max(classes, key=lambda one: len(data[one]))
    features = data[largest].features.astype(np.float64)
    rows = [tuple(row) for row in np.resize(features, (_ROWS, features.shape[1])).tolist()]
    model = load_model(made / "model")
    times: dict[int, list[float]] = {size: [] for size in _BATCH_SIZES}
    for _ in range(repeat):
        for size in _BATCH_SIZES:
            times[size].append(_timed(model, rows, size))
    note = f"model alone, {train_classes.CLASSES[largest]}, all four outputs"
    return [
        summary("score: batch size", f"{size:,} departures at once", "µs/departure", values, note=note)
        for size, values in times.items()
    ]


def _timed(model: LightGBMModel, rows: Sequence[tuple[float, ...]], size: int) -> float:
    begin = time.process_time()
    for start in range(0, _ROWS, size):
        model.predict(rows[start : start + size])
    return (time.process_time() - begin) * _MICROSECONDS / _ROWS

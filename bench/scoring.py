"""Time of scoring by batch size: microseconds of processor time a departure, all four outputs.

    PYTHONPATH=src:. .venv/bin/python -m bench.scoring --model FOLDER --examples DIR --day YYYY-MM-DD

``--model`` is a folder with ``model.json`` (``zielzeit train --out``), ``--examples`` what ``zielzeit history import``
wrote. A row of the table is a train class and a way to call the model: ``matrix`` takes and returns arrays, as training
does; ``predict`` takes tuples and returns structs, as the stream does. Each figure is the median over repetitions,
followed by the quickest, which other programs on the same core disturb least. The batch sizes take turns within each
repetition, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from training import dataset
from zielzeit import train_classes
from zielzeit.model.delay_model import LightGBMModel, load_model

BATCH_SIZES = (1, 5, 20, 100, 1000)
_ROWS = max(BATCH_SIZES)


def main() -> None:
    """Print a table: a row for each train class and way to call, a column for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder with model.json")
    parser.add_argument("--examples", type=Path, required=True, help="folder of examples")
    parser.add_argument("--day", type=date.fromisoformat, required=True, help="service day to take rows from")
    parser.add_argument("--repetitions", type=int, default=50, help="how often each batch size scores all rows")
    options = parser.parse_args()
    model = load_model(options.model)
    table = Table("class", "call", *(f"{size:,}" for size in BATCH_SIZES), title="µs per row: median (quickest)")
    for train_class, name in enumerate(train_classes.CLASSES):
        data = dataset.load(options.examples, train_class, options.day, options.day, most=_ROWS)
        if not len(data):
            continue
        rows = np.resize(data.features.astype(np.float64), (_ROWS, data.features.shape[1]))
        for call, times in _timed(rows, model, options.repetitions).items():
            table.add_row(name, call, *(f"{np.median(each):.0f} ({min(each):.0f})" for each in times.values()))
    Console().print(table)


def _timed(rows: npt.NDArray[np.float64], model: LightGBMModel, repetitions: int) -> dict[str, dict[int, list[float]]]:
    """Microseconds a row of each repetition, by call and batch size."""
    tuples = [tuple(row) for row in rows.tolist()]
    calls: dict[str, Callable[[int, int], object]] = {
        "matrix": lambda start, size: model.matrix(rows[start : start + size]),
        "predict": lambda start, size: model.predict(tuples[start : start + size]),
    }
    times: dict[str, dict[int, list[float]]] = {call: {size: [] for size in BATCH_SIZES} for call in calls}
    for _ in range(repetitions):
        for call, score in calls.items():
            for size in BATCH_SIZES:
                begin = time.process_time()
                for start in range(0, _ROWS, size):
                    score(start, size)
                times[call][size].append((time.process_time() - begin) * 1e6 / _ROWS)
    return times


if __name__ == "__main__":
    main()

"""How long scoring takes: one row at a time and in batches of 1,000, beside LightGBM's own ``predict``, in one run.

    python -m bench.scoring --model FOLDER --examples DIR --day YYYY-MM-DD

Figures are microseconds a row, all four heads, by processor time: the median over repetitions and the quickest, which
is what is left when other programs (on the same core's other half, too) stay out of the way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from training import dataset
from zielzeit import train_classes
from zielzeit.model.model import HEADS, ForestModel, file_name, load_model

_BATCH = 1000
_REPETITIONS = 100


def main() -> None:
    """Print a line for each class and way of scoring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder with model.json")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--day", type=date.fromisoformat, required=True, help="service day to take rows from")
    options = parser.parse_args()
    model = load_model(options.model)
    for klass, name in enumerate(train_classes.CLASSES):
        data = dataset.load(options.examples, klass, options.day, options.day, most=_BATCH)
        rows = np.resize(data.features.astype(np.float64), (_BATCH, data.features.shape[1]))
        boosters = [lgb.Booster(model_file=str(options.model / file_name(name, head))) for head in HEADS]
        _compare(name, rows, model, boosters)


def _compare(name: str, rows: npt.NDArray[np.float64], model: ForestModel, boosters: list[lgb.Booster]) -> None:
    tuples = [tuple(row) for row in rows.tolist()]
    _say(name, "LightGBM, batches of 1,000", lambda: [each.predict(rows, num_threads=1) for each in boosters])
    _say(name, "batches of 1,000", lambda: model.matrix(rows))
    _say(name, "batches of 1,000, rows and scores as objects", lambda: model.predict(tuples))
    _say(name, "one row at a time", lambda: [model.predict([row]) for row in tuples])


def _say(name: str, how: str, score: Callable[[], object]) -> None:
    score()
    times = []
    for _ in range(_REPETITIONS):
        begin = time.process_time()
        score()
        times.append((time.process_time() - begin) * 1e6 / _BATCH)
    print(f"{name:14} {how:46} {np.median(times):6.2f} µs, quickest {min(times):6.2f} µs")


if __name__ == "__main__":
    main()

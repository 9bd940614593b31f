"""Read files of truth in any known format, distinguished by their contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zielzeit.errors import UserError
from zielzeit.evaluation import feed_truth, iris_feed, truth_log
from zielzeit.evaluation.comparison import TrueStop


def read_truth(paths: Sequence[Path], station: str | None) -> Iterator[TrueStop]:
    """Every true stop of the given files; ``station`` names the station of a recorded feed whose files do not.

    A recorded feed is given by its folder or one of its files; a truth log is JSON lines, optionally ``.zst`` or
    ``.gz``. Raises UserError for anything else.
    """
    for path in paths:
        folder = path if path.is_dir() else path.parent
        if not path.exists():
            raise UserError(f"--truth {path} does not exist: give a truth log, or the folder of a recorded feed")
        if path.is_dir() or path.name in (iris_feed.PLAN, *iris_feed.CHANGES):
            if not (folder / iris_feed.PLAN).is_file() or not any(
                (folder / name).is_file() for name in iris_feed.CHANGES
            ):
                names = f"{iris_feed.PLAN} and {' or '.join(iris_feed.CHANGES)}"
                raise UserError(f"--truth {folder} is not a recorded feed: expected {names}")
            yield from feed_truth.read(folder, station)
        elif ".jsonl" in path.suffixes:
            yield from truth_log.read(path)
        else:
            raise UserError(f"--truth {path}: expected a truth log (.jsonl[.zst|.gz]) or a recorded feed's folder")

"""Truth files of any known format, told apart by what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from errors import UserError
from ingest.truth import feed, log
from ingest.truth.comparison import TrueStop


def read_truth(paths: Sequence[Path], station: str | None) -> Iterator[TrueStop]:
    """Every stop of the given files; ``station`` names the one of a recorded feed, whose files do not say it.

    A recorded feed is its folder, or one of its two files; a truth log is JSON lines, also ``.zst`` or ``.gz``.
    Raises UserError for anything else.
    """
    for path in paths:
        folder = path if path.is_dir() else path.parent
        if not path.exists():
            raise UserError(f"--truth {path} does not exist: give a truth log, or the folder of a recorded feed")
        if path.is_dir() or path.name in (feed.PLAN, feed.CHANGES):
            missing = [name for name in (feed.PLAN, feed.CHANGES) if not (folder / name).is_file()]
            if missing:
                raise UserError(f"--truth {folder} holds no {' and no '.join(missing)}: these make a recorded feed")
            if station is None:
                raise UserError(f"--truth {folder} does not name its station: give --station, as the boards name it")
            yield from feed.read(folder, station)
        elif ".jsonl" in path.suffixes:
            yield from log.read(path)
        else:
            raise UserError(f"--truth {path}: expected a truth log (.jsonl[.zst|.gz]) or a recorded feed's folder")

"""Verdicts do not depend on the seed of Python's hashes: every TaskManager has its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.decision.handmade import HERE, THROUGH, Watched, row


def boards_with_strangers() -> Watched:
    """Trains whose rows are renumbered or given a departure, several on one board and in each other's way."""
    station = Watched()
    through = [row(f"{n}", f"12:{20 + n}", arrival=f"12:{10 + n}") for n in range(8)]
    ending = [row(f"3{n}", None, arrival="12:05") for n in range(5)]
    renumbered = [one | {"trainNumber": f"1{one['trainNumber']}"} for one in through[:6]]
    extended = [row(f"3{n}", "12:06", arrival="12:05", route=THROUGH) for n in range(2)]
    staying = [row(f"5{n}", f"13:{n:02}") for n in range(40)]
    others = [row(f"4{n}", None, arrival="12:05") for n in range(3)]
    station.every_three_minutes("11:00", "11:06", *through, *ending, *staying)
    station.every_three_minutes("11:09", "12:45", *renumbered, *through[6:], *others, *extended, ending[4], *staying)
    return station


def verdicts() -> list[str]:
    """All that came of the boards, in order."""
    return [str(output) for output in boards_with_strangers().outputs]


def under(seed: int) -> str:
    """The verdicts of a new interpreter with this seed."""
    env = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    code = f"from {__name__} import verdicts; print(*verdicts(), sep='\\n')"
    return subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_boards_decide_the_same_in_the_same_order_under_any_hash_seed() -> None:
    first, *others = [under(seed) for seed in (0, 1, 2, 3)]
    assert first.count("kind='withdrawn'") >= 5
    assert HERE in first
    assert all(other == first for other in others)

"""Random numbers by key: equal keys always give equal numbers, in any order of the calls.

The boards of a day must not depend on which station was polled first, so nothing here keeps state.
"""

from __future__ import annotations

import math
import random

_MASK = (1 << 64) - 1


def mix(*keys: int) -> int:
    """A 64-bit hash of integers (splitmix64's finaliser, chained)."""
    state = 0x9E3779B97F4A7C15
    for key in keys:
        state = (state + (key & _MASK) * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def uniform(*keys: int) -> float:
    """Uniform number in [0, 1) of the keys."""
    return mix(*keys) / (1 << 64)


def generator(*keys: int) -> random.Random:
    """Random generator of the keys."""
    return random.Random(mix(*keys))


def normal(*keys: int) -> float:
    """Standard normal number of the keys."""
    return math.sqrt(-2.0 * math.log(1.0 - uniform(*keys))) * math.cos(2.0 * math.pi * uniform(*keys, 1))


def drifting(day: int, period: int, *keys: int) -> float:
    """Noise that drifts from day to day: about standard normal, correlated over ``period`` days."""
    step, rest = divmod(day, period)
    weight = rest / period
    slow = (1.0 - weight) * normal(*keys, step) + weight * normal(*keys, step + 1)
    return slow / math.sqrt((1.0 - weight) ** 2 + weight**2)

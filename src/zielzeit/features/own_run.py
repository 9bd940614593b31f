"""The run itself, and the calendar."""

from __future__ import annotations

import math
from typing import NamedTuple

from zielzeit import berlin_time
from zielzeit.compiled import compiled
from zielzeit.features.network_tables import Minutes


class Own(NamedTuple):
    """The run itself and the calendar."""

    klass: float
    category_code: float
    delay: float
    horizon: float
    stops_left: float
    minute_of_day: float
    weekday: float
    holiday: float
    growth_one_stop: float
    growth_three_stops: float
    growth_since_origin: float
    below_worst: float


@compiled
def own(
    klass: int, wall: int, category: float, holiday: float, delay: float, horizon: float, left: int, before: Minutes
) -> Own:
    """The group's numbers; ``before`` are the run's earlier delays, oldest first."""
    count = len(before)
    worst = math.nan
    for earlier in before:
        worst = earlier if math.isnan(worst) else max(worst, earlier)
    return Own(
        float(klass),
        category,
        delay,
        horizon,
        float(left),
        float(wall % berlin_time.DAY),
        float((wall // berlin_time.DAY + 3) % 7),  # 1970-01-01 was a Thursday; Monday is 0
        holiday,
        delay - before[count - 1] if count >= 1 else math.nan,
        delay - before[count - 3] if count >= 3 else math.nan,
        delay - before[0] if count >= 1 else math.nan,
        worst - delay,
    )

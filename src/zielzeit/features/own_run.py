"""Features of the run itself and of the calendar."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from zielzeit import berlin_time
from zielzeit.compiled import compiled
from zielzeit.features.network_tables import FloatArray
from zielzeit.features.quantities import Minutes, Quantity, Share


class OwnRun(NamedTuple):
    """The run itself and the calendar."""

    train_class: Annotated[float, Quantity("class", 0.0, 2.0)]
    """Class of the train: 0 long distance, 1 RE, 2 other local trains."""
    category_code: Annotated[float, Quantity("code", -1.0)]
    """Train category as a number that never changes; -1 for rare categories."""
    delay: Minutes
    """Delay at this departure."""
    horizon: Minutes
    """Planned time to the arrival at the destination; where no board tells it, ``ahead_fastest``."""
    stops_left: Annotated[float, Quantity("stops", 1.0)]
    """Number of stops still to come, the destination included."""
    minute_of_day: Annotated[float, Quantity("minutes", 0.0, 1439.0)]
    """Planned departure, minutes after midnight in Europe/Berlin."""
    weekday: Annotated[float, Quantity("day", 0.0, 6.0)]
    """Weekday of the planned departure in Europe/Berlin; Monday is 0."""
    holiday: Share
    """Share of the 16 federal states that keep a public holiday on the day of the planned departure."""
    growth_one_stop: Minutes
    """Delay now minus the delay at the run's previous known departure."""
    growth_three_stops: Minutes
    """Delay now minus the delay three known departures earlier."""
    growth_since_origin: Minutes
    """Delay now minus the delay at the run's first known departure."""
    below_worst: Minutes
    """The run's largest delay so far, this departure left out, minus the delay now."""


@compiled
def own_run(
    train_class: int,
    wall: int,
    category_code: float,
    holiday: float,
    delay: float,
    horizon: float,
    stops_left: int,
    earlier_delays: FloatArray,
) -> OwnRun:
    """Return the group's features; ``earlier_delays`` are those of the run's earlier departures, oldest first."""
    count = len(earlier_delays)
    worst = math.nan
    for earlier in earlier_delays:
        worst = earlier if math.isnan(worst) else max(worst, earlier)
    return OwnRun(
        train_class=float(train_class),
        category_code=category_code,
        delay=delay,
        horizon=horizon,
        stops_left=float(stops_left),
        minute_of_day=float(wall % berlin_time.DAY),
        weekday=float((wall // berlin_time.DAY + 3) % 7),  # 1970-01-01 was a Thursday
        holiday=holiday,
        growth_one_stop=delay - earlier_delays[count - 1] if count >= 1 else math.nan,
        growth_three_stops=delay - earlier_delays[count - 3] if count >= 3 else math.nan,
        growth_since_origin=delay - earlier_delays[0] if count >= 1 else math.nan,
        below_worst=worst - delay,
    )

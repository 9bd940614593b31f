"""Units and ranges of the features, written as their fields' types: ``horizon: Minutes``. NaN is unknown."""

from __future__ import annotations

import math
from typing import Annotated, Final, NamedTuple

MOST_DELAY: Final = 90.0
"""Minutes at which a delay is clipped before it enters a mean."""
MOST_GROWTH: Final = 45.0
"""Minutes at which growth to the destination is clipped before it enters a mean."""
MOST_HOP_GROWTH: Final = 30.0
"""Minutes at which growth on one hop is clipped before it enters a mean."""
STALE: Final = 600.0
"""Minutes after which the last train no longer counts."""


class Quantity(NamedTuple):
    """Unit of a feature, and the range that its values lie in, both ends included."""

    unit: str
    least: float = -math.inf
    most: float = math.inf


Minutes = Annotated[float, Quantity("minutes")]
Age = Annotated[float, Quantity("minutes", 0.0, STALE)]
"""Time since an event."""
Delay = Annotated[float, Quantity("minutes", -MOST_DELAY, MOST_DELAY)]
"""Mean of clipped delays."""
DelayDifference = Annotated[float, Quantity("minutes", -2 * MOST_DELAY, 2 * MOST_DELAY)]
"""Difference of two means of clipped delays."""
Growth = Annotated[float, Quantity("minutes", -MOST_GROWTH, MOST_GROWTH)]
"""Mean of growths clipped at ``MOST_GROWTH``."""
Growth10 = Annotated[float, Quantity("minutes", -10.0, 10.0)]
Growth3 = Annotated[float, Quantity("minutes", -3.0, 3.0)]
Growth1 = Annotated[float, Quantity("minutes", -1.0, 1.0)]
"""Means of growths clipped at 10, 3 and 1 minutes."""
HopGrowth = Annotated[float, Quantity("minutes", -MOST_HOP_GROWTH, MOST_HOP_GROWTH)]
"""Mean of growths on one hop."""
Share = Annotated[float, Quantity("share", 0.0, 1.0)]
Trains = Annotated[float, Quantity("trains", 0.0)]
"""Number of trains, faded with their age."""

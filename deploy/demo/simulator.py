"""The demo's simulator as a process of its own: ``python -m deploy.demo.simulator RAILWAY TRUTH``.

RAILWAY is a ``deploy.demo.railway.Railway`` as JSON, TRUTH the file for what really happens.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from deploy.demo.railway import HOST, Railway
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.server import SimulatedClock, application, serve
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World


def main(railway: Railway, truth: Path) -> None:
    """Serve the railway's boards until the process is stopped. One that is started again goes on where time is now."""
    world = World(build(railway.stations, railway.seed))
    clock = SimulatedClock(railway.start.timestamp(), railway.speed, max(0.0, time.time() - railway.began))
    serve(application(world, Faults.parse("none", railway.seed), clock, truth), HOST, railway.port)


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Railway), Path(sys.argv[2]))

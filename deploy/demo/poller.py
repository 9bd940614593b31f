"""The demo's poller as a process of its own: ``python -m deploy.demo.poller RAILWAY STATIONS``.

RAILWAY is a ``deploy.demo.railway.Railway`` as JSON, STATIONS a file with a name a line; Kafka is the environment's.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import msgspec

from deploy.demo.railway import Railway
from zielzeit.settings import load
from zielzeit.sources.plan import make_plan
from zielzeit.sources.run import poll_until_stopped


def main(railway: Railway, stations: Path) -> None:
    """Poll every station's boards until the process is stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    settings = load()
    # Of simulated time.
    interval = settings.poll_interval_seconds / railway.speed
    plan = make_plan(railway.url, stations.read_text().splitlines(), interval_seconds=interval)
    poll_until_stopped(plan, settings, "server")


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Railway), Path(sys.argv[2]))

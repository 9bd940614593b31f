"""HTTP server of the simulated railway that answers like DBF; the ``Date`` header is the simulated time."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zielzeit.simulator import clock
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.reply import Reply, answer, error
from zielzeit.simulator.truth import TruthLog
from zielzeit.simulator.world import World
from zielzeit.sources.reply_times import SIMULATED_SERVER

_SLOW_SECONDS = 30.0
"""Duration of a reply with the fault ``timeout``, real seconds: longer than clients wait."""


class SimulatedClock:
    """Simulated time: it was ``start`` (epoch seconds) ``elapsed`` real seconds ago and runs at ``speed``."""

    def __init__(self, start: float, speed: float, elapsed: float = 0.0) -> None:
        self.start, self.speed, self._zero = start, speed, time.monotonic() - elapsed

    def now(self) -> int:
        """Simulated epoch second, whole, as in the ``Date`` header."""
        return int(self.start + (time.monotonic() - self._zero) * self.speed)


class StationLookup:
    """Finds a station as DBF does: by name, EVA number or DS100 code; a mistyped name finds the nearest silently."""

    def __init__(self, world: World) -> None:
        stations = world.network.stations
        self._names = dict(world.by_name)
        self._codes = {key: s.index for s in stations for key in (str(s.eva), s.ds100)}
        self._ds100 = {s.ds100 for s in stations}
        self.find: Callable[[str], int | Reply] = lru_cache(maxsize=10_000)(self._find)

    def _find(self, asked: str) -> int | Reply:
        found = self._names.get(asked, self._codes.get(asked))
        if found is not None:
            return found
        if asked.isdigit():
            return error(500, f"GET iris plan/{asked} returned HTTP 404 Not Found")
        alike = [index for name, index in self._names.items() if asked.casefold() in name.casefold()]
        if len(alike) == 1:
            return alike[0]
        if alike:
            return error(300, "Ambiguous station name")
        nearest = difflib.get_close_matches(asked, self._names, n=1, cutoff=0.0)
        return self._names[nearest[0]] if nearest else error(500, "Unknown station name")

    def empty(self, asked: str, reply: Reply) -> Reply:
        """The reply, with the message that DBF has for an empty board requested by DS100 code."""
        return error(300, f"Got no results for '{asked}'") if asked in self._ds100 and reply.status == 300 else reply


def application(world: World, faults: Faults, ticking: SimulatedClock, truth_file: Path | None = None) -> Starlette:
    """The ASGI application, which writes the truth log while it runs."""
    stations = StationLookup(world)
    listing = msgspec.json.encode(
        {"stations": [{"name": s.name, "eva": s.eva, "ds100": s.ds100} for s in world.network.stations]}
    )

    async def departures(request: Request) -> Response:
        asked = request.path_params["name"]
        if request.query_params.get("version", "3") != "3":
            version = request.query_params["version"]
            return _respond(error(300, f"JSON API version={version} is no longer supported"), ticking.now())
        found = stations.find(asked)
        if isinstance(found, Reply):
            return _respond(found, ticking.now())
        if faults.at(found, ticking.now()) == "timeout":
            await asyncio.sleep(_SLOW_SECONDS)
        at = ticking.now()
        reply = answer(world, faults, found, at, past=request.query_params.get("past") == "1")
        return _respond(stations.empty(asked, reply), at)

    async def all_stations(_: Request) -> Response:
        return _respond(Reply(200, listing), ticking.now())

    async def clock_now(_: Request) -> Response:
        at = ticking.now()
        body = {"now": clock.local(at), "start": clock.local(ticking.start), "speed": ticking.speed}
        return _respond(Reply(200, msgspec.json.encode(body)), at)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if truth_file is None:
            yield
            return
        task = asyncio.create_task(_write_truth(TruthLog(world, faults, ticking.start), ticking, truth_file))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Starlette(
        routes=[
            Route("/stations.json", all_stations),
            Route("/clock.json", clock_now),
            Route("/{name:path}.json", departures),
        ],
        lifespan=lifespan,
    )


def serve(app: Starlette, host: str, port: int) -> None:
    """Run until Ctrl-C or SIGTERM. The ``Date`` header is the simulated clock's, so uvicorn adds none."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def _respond(reply: Reply, at: int) -> Response:
    headers = {"date": formatdate(at, usegmt=True), "server": SIMULATED_SERVER}
    if reply.retry_after is not None:
        headers["retry-after"] = str(reply.retry_after)
    return Response(reply.body, reply.status, headers, media_type="application/json;charset=utf-8")


async def _write_truth(log: TruthLog, ticking: SimulatedClock, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        while True:
            for _ in log.load(ticking.now()):
                await asyncio.sleep(0)
            for count, record in enumerate(log.until(ticking.now())):
                out.write(msgspec.json.encode(record) + b"\n")
                if count % 200 == 199:
                    await asyncio.sleep(0)
            out.flush()
            await asyncio.sleep(min(1.0, 60.0 / ticking.speed))

"""A real HTTP server that answers like DBF, and in all the ways in which it should not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BOARD = b'{ "departures": [{"route": [{"name": "Hanau Hbf"}, {"name": "Fulda"}]}] }'


class OddDbf:
    """Answers by the station's name and remembers when each was asked (monotonic seconds)."""

    def __init__(self) -> None:
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.queries: set[str] = set()

    async def board(self, request: Request) -> Response:
        """The reply that the name asks for."""
        name = request.path_params["name"].removesuffix(".json")
        self.asked[name].append(time.monotonic())
        self.queries.add(request.url.query)
        if name == "slow":
            await asyncio.sleep(30)
        return odd_reply(name) or Response(BOARD, headers={"content-type": "application/json"})


def odd_reply(name: str) -> Response | None:
    """What is sent instead of the board."""
    match name:
        case "html":
            reply = Response("<html>")
        case "empty":
            reply = Response(b"")
        case "ambiguous":
            reply = JSONResponse({"error": "Ambiguous station name"}, 300)
        case "broken":
            reply = JSONResponse({"error": "GET iris"}, 500)
        case "throttled":
            reply = Response(status_code=429, headers={"retry-after": "2"})
        case "ahead":
            reply = Response(BOARD.replace(b"Hanau Hbf", b"ahead"), headers={"date": "Tue, 01 Jan 2036 00:00:00 GMT"})
        case _:
            return None
    return reply


@contextmanager
def serving(odd: OddDbf) -> Iterator[str]:
    """The base URL of the server, on a free port of the loopback."""
    app = Starlette(routes=[Route("/{name:path}", odd.board)])
    config = uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=0, date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()

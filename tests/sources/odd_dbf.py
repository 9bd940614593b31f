"""A real HTTP server that answers like DBF, and in all the ways in which it should not."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BOARD = b'{ "departures": [{"route": [{"name": "Hanau Hbf"}, {"name": "Fulda"}]}] }'


class OddDbf:
    """Answers by the station's name and counts how often each was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.queries: set[str] = set()
        self.user_agents: set[str] = set()
        self.connections: set[int] = set()
        """Ports of the client's side."""

    async def board(self, request: Request) -> Response:
        """The reply that the name asks for."""
        name = request.path_params["name"].removesuffix(".json")
        self.asked[name] += 1
        self.queries.add(request.url.query)
        self.user_agents.add(request.headers["user-agent"])
        assert request.client is not None
        self.connections.add(request.client.port)
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
            reply = Response(status_code=429, headers={"retry-after": "60"})
        case "busy":
            reply = Response(status_code=429)
        case "unknown":
            reply = JSONResponse({"error": "GET https://iris/plan/1 returned HTTP 404 Not Found"}, 500)
        case "moved":
            reply = Response(status_code=302, headers={"location": "/elsewhere.json"})
        case "huge":
            reply = Response(b" " * 2_000_000 + BOARD)
        case "bomb":
            reply = Response(gzip.compress(b" " * 2_000_000 + BOARD), headers={"content-encoding": "gzip"})
        case "ahead":
            reply = Response(BOARD.replace(b"Hanau Hbf", b"ahead"), headers={"date": "Tue, 01 Jan 2036 00:00:00 GMT"})
        case _:
            return None
    return reply


def application(odd: OddDbf) -> Starlette:
    """The web application that answers so."""
    return Starlette(routes=[Route("/{name:path}", odd.board)])


@contextmanager
def dripping(part: str) -> Iterator[str]:
    """The base URL of a server that sends one byte each tenth of a second, in the headers or in the body for ever.

    The body of ``endless`` has no length: it ends with the connection.
    """
    head = b"HTTP/1.1 200 OK\r\n"
    start = {
        "headers": head + b"x-slow: ",
        "body": head + b"content-length: 1000000\r\n\r\n",
        "endless": head + b'\r\n{"departures": []}',
    }[part]
    end = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(start)
                while not end.wait(0.1):
                    connection.sendall(b" ")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=answer, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            end.set()
            server.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join()

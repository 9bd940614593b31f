"""A real HTTP server that answers like DBF, and in all the ways in which it should not."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
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
    make = _ODD.get(name)
    return make() if make is not None else None


def _error(status: int, text: str) -> Callable[[], Response]:
    return lambda: JSONResponse({"error": text}, status)


def _status(status: int, **headers: str) -> Callable[[], Response]:
    return lambda: Response(
        status_code=status, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def _board(name: str, **headers: str) -> Callable[[], Response]:
    return lambda: Response(BOARD.replace(b"Hanau Hbf", name.encode()), headers=headers)


_ODD: dict[str, Callable[[], Response]] = {
    "ambiguous": _error(300, "Ambiguous station name"),
    "broken": _error(500, "GET iris"),
    "unknown": _error(500, "GET https://iris/plan/1 returned HTTP 404 Not Found"),
    "steering": _error(404, "\x1b[2J\x9b1mgone\u202e\n"),
    "throttled": _status(429, retry_after="60"),
    "busy": _status(429),
    "moved": _status(302, location="/elsewhere.json"),
    "ahead": _board("ahead", date="Tue, 01 Jan 2036 00:00:00 GMT"),
    "end of time": _board("end of time", date="Fri, 31 Dec 9999 23:59:59 -0500"),
    "aged": _board("aged", age="600"),
    "old": _board("old", age="7200"),
    "html": lambda: Response("<html>"),
    "empty": lambda: Response(b""),
    "huge": lambda: Response(b" " * 2_000_000 + BOARD),
    "bomb": lambda: Response(gzip.compress(b" " * 2_000_000 + BOARD), headers={"content-encoding": "gzip"}),
    "nested": lambda: Response(b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b', "departures": []}'),
}


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

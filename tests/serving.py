"""Servers on a free port of the loopback interface, for tests: of a web application, and of the standard library."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

import uvicorn
from starlette.applications import Starlette


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Base URL of the application's server, which adds no headers ``Date`` and ``Server`` of its own."""
    config = uvicorn.Config(
        app, port=0, log_level="error", timeout_graceful_shutdown=0, date_header=False, server_header=False
    )
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


@contextmanager
def answering(server: BaseServer) -> Iterator[None]:
    """Let a server answer as long as the context lasts."""
    # By default it looks each half second whether it is to end.
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()

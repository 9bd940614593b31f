"""A cluster that does not answer, or not as Flink does, is told in a sentence."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from deploy.cluster import jobs
from tests.conftest import free_ports
from zielzeit.errors import UserError
from zielzeit.settings import Settings, load


def settings(port: int) -> Settings:
    return load(flink_rest=f"http://127.0.0.1:{port}")


def test_no_cluster_is_told_with_what_to_do() -> None:
    (port,) = free_ports(1)
    with pytest.raises(UserError, match=rf"no Flink cluster answers at http://127.0.0.1:{port}: start .*stack up"):
        jobs.free_slots(settings(port))
    assert jobs.state(settings(port), "a" * 32) == "UNKNOWN"
    jobs.cancel(settings(port), "a" * 32)


def test_another_server_at_the_address_is_no_cluster() -> None:
    class NotFlink(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(418)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), NotFlink) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(UserError, match="refuses to answer: 418"):
            jobs.named(settings(server.server_port), "zielzeit")
        server.shutdown()

"""A cluster that does not answer, or not as Flink does, is told in a sentence."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy.cluster import jobs
from tests.conftest import free_ports
from tests.deploy.cluster.fake_flink import FakeFlink
from tests.serving import answering
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


@pytest.mark.parametrize("word", ["FAILED", "CANCELED"])
def test_a_job_that_is_waited_for_and_ends_otherwise_is_an_error_with_its_cause(
    cluster: tuple[FakeFlink, Settings], word: str
) -> None:
    flink, config = cluster
    flink.add("a" * 32, "zielzeit", "FINISHED")
    jobs.await_finish(config, "a" * 32)
    flink.add("b" * 32, "zielzeit", word, failures=(5.0,))
    with pytest.raises(UserError, match=rf"job b+ did not finish, it is {word.lower()}: .*broker away"):
        jobs.await_finish(config, "b" * 32)
    with pytest.raises(UserError, match="it is lost"):
        jobs.await_finish(config, "c" * 32)


def test_a_cluster_that_falls_silent_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_SILENCE_SECONDS", 0.5)
    (port,) = free_ports(1)
    with pytest.raises(UserError, match=r"does not answer; job a+ may still run there"):
        jobs.await_finish(settings(port), "a" * 32)


def test_another_server_at_the_address_is_no_cluster() -> None:
    class NotFlink(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(418)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with (
        HTTPServer(("127.0.0.1", 0), NotFlink) as server,
        answering(server),
        pytest.raises(UserError, match="refuses to answer: 418"),
    ):
        jobs.named(settings(server.server_port), "zielzeit")

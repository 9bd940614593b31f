"""A server that answers as Flink's REST API does, with jobs that a test lays out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from tests.serving import answering
from zielzeit.settings import Settings, load

NOW = 1_790_000_000.0
"""The cluster's present, Unix seconds."""
TRACE = "org.apache.flink.runtime.JobException: no\n\tat x.y(Z.java)\nCaused by: java.io.IOException: broker away\n"


class FakeFlink:
    """The jobs of the cluster, and what it was asked for."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.savepoint: dict[str, Any] = {"location": "file:/savepoints/1"}
        """How a stop with a savepoint ends."""
        self.refusal = ""
        """Why a stop is refused; empty: it is not."""
        self.unavailable = ""
        """Why no question is answered; empty: they are."""
        self.asked: list[tuple[str, str, Any]] = []

    def add(self, job_id: str, name: str, state: str, *tasks: str, failures: tuple[float, ...] = ()) -> None:
        """A job that was submitted an hour ago, the states of its tasks, and seconds since its failures."""
        self.jobs[job_id] = {
            "jid": job_id,
            "name": name,
            "state": state,
            "start-time": int((NOW - 3600) * 1000) + len(self.jobs),
            "now": int(NOW * 1000),
            "timestamps": {state: int((NOW - 60) * 1000)},
            "vertices": [{"status": task} for task in tasks],
            "failures": failures,
        }

    def get(self, path: str) -> Any:
        """The reply to a question; None for what the cluster does not know."""
        path, _, _ = path.partition("?")
        if path == "/jobs/overview":
            return {"jobs": list(self.jobs.values())}
        _, _, job_id, *rest = path.split("/")
        if job_id not in self.jobs:
            return None
        job = self.jobs[job_id]
        if not rest:
            return job
        if rest[0] == "metrics":
            return [{"id": "numRestarts", "value": str(len(job["failures"]))}] if job["failures"] else []
        if rest[0] == "exceptions":
            times = [int((NOW - ago) * 1000) for ago in job["failures"]]
            return {"exceptionHistory": {"entries": [{"timestamp": at, "stacktrace": TRACE} for at in times]}}
        if "location" in self.savepoint:
            job["state"] = "FINISHED"
        return {"status": {"id": "COMPLETED"}, "operation": self.savepoint}

    def change(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and reply to an order."""
        self.asked.append((method, path, body))
        if self.refusal:
            return 400, {"errors": [self.refusal]}
        if method == "PATCH":
            self.jobs[path.split("/")[2].partition("?")[0]]["state"] = "CANCELED"
        return 202, {"request-id": "t"}


@contextmanager
def serving(folder: Path) -> Iterator[tuple[FakeFlink, Settings]]:
    """A cluster without jobs, and settings that lead to it."""
    flink = FakeFlink()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if flink.unavailable:
                self._reply(503, {"errors": [flink.unavailable]})
                return
            answer = flink.get(self.path)
            self._reply(404 if answer is None else 200, answer)

        def do_POST(self) -> None:
            self._order()

        def do_PATCH(self) -> None:
            self._order()

        def _order(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._reply(*flink.change(self.command, self.path, json.loads(body) if body else None))

        def _reply(self, status: int, answer: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server, answering(server):
        yield flink, load(local_dir=folder, flink_rest=f"http://127.0.0.1:{server.server_port}")

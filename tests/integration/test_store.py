"""The storage job on a real broker and cluster: Parquet holds what the topics carried, each record once."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psutil
import pytest
from kafka import KafkaProducer
from moto.server import ThreadedMotoServer
from pyarrow import fs

from deploy.cluster import jobs
from deploy.cluster.job_description import STORE
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from tests.integration.conftest import Predicted, Topics
from zielzeit import topics
from zielzeit.berlin_time import BERLIN
from zielzeit.boards.record import HEADERS
from zielzeit.kafka.admin import ensure_topics
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.lake.columns import Column
from zielzeit.lake.compaction import compact
from zielzeit.lake.reading import Lake
from zielzeit.lake.table_definitions import TABLES, Table
from zielzeit.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def bucket(stack: Stack) -> Iterator[str]:
    """A bucket of an S3-compatible store at the address that the stack knows."""
    address = urlsplit(stack.settings.s3_endpoint)
    server = ThreadedMotoServer(ip_address=address.hostname, port=address.port, verbose=False)
    server.start()
    try:
        fs.S3FileSystem(
            endpoint_override=stack.settings.s3_endpoint, region=stack.settings.s3_region,
            access_key=stack.settings.s3_access_key, secret_key=stack.settings.s3_secret_key.get_secret_value(),
            allow_bucket_creation=True,
        ).create_dir("zielzeit")  # fmt: skip
        yield "s3://zielzeit/lake"
    finally:
        server.stop()


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_every_record_of_every_topic_is_one_row_with_the_same_values(
    stack: Stack, predicted: Predicted, tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    written = predicted.topics()
    lake = str(tmp_path / "lake") if where == "folder" else str(request.getfixturevalue("bucket"))
    stored = job.for_storage(predicted.settings, lake, bounded=True, start_from="earliest-offset")
    job.wait_for_end(stored, submit(stored, STORE))
    for table in TABLES:
        rows = _rows(stored, table)
        records = [record for name in table.topics for record in written[name]]
        assert records, table.name
        assert _sorted(rows) == _sorted(_expected(table, record) for record in records), table.name
    assert compact(Lake.of(stored), now=lambda: time.time() + 7200)
    for table in TABLES:
        days = [file.day for file in Lake.of(stored).visible(table.name)]
        assert len(days) == len(set(days)), f"{table.name} has days of more than one file"
        assert _count(stored, table) == _size(written, table), table.name


def test_a_killed_task_manager_leaves_no_row_double_and_none_missing(
    stack: Stack, predicted: Predicted, tmp_path: Path
) -> None:
    written = predicted.topics()
    stored = job.for_storage(
        job.settings_for(stack), str(tmp_path / "lake"), bounded=False, start_from="earliest-offset"
    )
    ensure_topics(stored, topics.ALL)
    pieces = 24
    _publish(stored, written, 0, pieces)
    started = submit(stored, STORE)
    try:
        _wait_until(lambda: bool(Lake.of(stored).visible(topics.OUTCOMES)))
        publishing = threading.Thread(
            target=lambda: [(_publish(stored, written, piece, pieces), time.sleep(0.5)) for piece in range(1, pieces)]
        )
        publishing.start()
        _wait_until(lambda: len(Lake.of(stored).visible(topics.OUTCOMES)) >= 4)
        _kill_worker(stack, stored, started)
        publishing.join()
        _wait_until(lambda: all(_count(stored, table) >= _size(written, table) for table in TABLES))
        # Whatever a restart might have written twice is there after another checkpoint.
        done = _checkpoints(stored, started)
        _wait_until(lambda: _checkpoints(stored, started) > done + 1)
    finally:
        jobs.cancel(stored, started)
        stack.up()
    assert job.get(stored, f"/jobs/{started}/exceptions")["exceptionHistory"]["entries"], "nothing was killed"
    for table in TABLES:
        ours = [_without_place(row) for row in _rows(stored, table)]
        records = [record for name in table.topics for record in written[name]]
        assert _sorted(ours) == _sorted(_without_place(_expected(table, record)) for record in records), table.name


def _publish(settings: Settings, written: Topics, piece: int, pieces: int) -> None:
    """One of so many pieces of what the topics carried, with an aborted transaction beside it."""
    with _transaction(settings, written, piece, pieces) as producer:
        producer.commit_transaction()
    with _transaction(settings, written, 0, pieces) as producer:
        producer.abort_transaction()


def _transaction(settings: Settings, written: Topics, piece: int, pieces: int) -> KafkaProducer:
    producer = KafkaProducer(**settings.kafka_client_config(), transactional_id=f"{settings.topic_prefix}test")
    producer.init_transactions()
    producer.begin_transaction()
    for name, records in written.items():
        for record in itertools.islice(records, piece, None, pieces):
            producer.send(
                settings.topic(name), record.value, record.key.encode(),
                headers=[(header, value.encode()) for header, value in record.headers.items()],
                timestamp_ms=round(record.at.timestamp() * 1000),
            )  # fmt: skip
    producer.flush()
    return producer


def _rows(settings: Settings, table: Table) -> list[dict[str, Any]]:
    return Lake.of(settings).dataset(table.name).to_table().to_pylist()


def _count(settings: Settings, table: Table) -> int:
    return Lake.of(settings).dataset(table.name).count_rows()


def _size(written: Topics, table: Table) -> int:
    return sum(len(written[name]) for name in table.topics)


def _expected(table: Table, record: TopicRecord) -> dict[str, Any]:
    """The row that a record becomes, by Python's means."""
    if table.name == topics.BOARDS:
        return {
            "station": record.key,
            "polled_at": record.at,
            "body": record.value,
            **{field: record.headers[header] for field, header in HEADERS.items()},
            "kafka_partition": record.partition,
            "kafka_offset": record.offset,
            "day": record.at.astimezone(BERLIN).date(),
        }
    event = msgspec.to_builtins(msgspec.json.decode(record.value, type=table.event), builtin_types=(datetime,))
    row = {column.name: _value(event, column) for column in table.columns}
    if isinstance(event[table.day], datetime):
        return row | {"day": event[table.day].astimezone(BERLIN).date()}
    return row | {"day": datetime.strptime(event[table.day], "%Y-%m-%d").date()}  # noqa: DTZ007 - a date alone


def _value(event: dict[str, Any], column: Column) -> Any:
    value: Any = event
    for step in (*column.path, *filter(None, [column.key])):
        value = value[step]
    return list(value) if isinstance(value, tuple) else value


def _without_place(row: dict[str, Any]) -> dict[str, Any]:
    """A board published again lies elsewhere in its topic."""
    return {name: value for name, value in row.items() if not name.startswith("kafka_")}


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(
        rows,
        key=lambda row: [
            str(row.get(name)) for name in ("id", "kind", "revision", "last_seen", "station", "polled_at")
        ],
    )


def _kill_worker(stack: Stack, settings: Settings, started: str) -> None:
    """SIGKILL for the TaskManager that runs the job."""
    (vertex, *_) = job.get(settings, f"/jobs/{started}")["vertices"]
    (task,) = job.get(settings, f"/jobs/{started}/vertices/{vertex['id']}")["subtasks"]
    (pid,) = (status.pid for status in stack.status() if status.name == task["taskmanager-id"])
    psutil.Process(pid).send_signal(signal.SIGKILL)


def _checkpoints(settings: Settings, started: str) -> int:
    return int(job.get(settings, f"/jobs/{started}/checkpoints")["counts"]["completed"])


def _wait_until(done: Callable[[], bool], timeout_seconds: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)

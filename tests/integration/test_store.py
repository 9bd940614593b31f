"""The storage job on a real broker and cluster: Parquet holds what the topics carried, each record once."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow.parquet as pq
import pytest
from kafka import KafkaProducer
from moto.server import ThreadedMotoServer
from pyarrow import fs

from deploy.cluster.job_description import STORE
from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.integration import job
from tests.integration.conftest import Predicted, Topics
from tests.waiting import wait_until
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
    """URL of a lake in a bucket of an S3-compatible server, at the address in the stack's settings."""
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
    predicted: Predicted, tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    written = predicted.topics()
    if where == "folder":
        # A copy, for compaction changes it.
        folder = shutil.copytree(request.getfixturevalue("lake").root, tmp_path / "lake")
        lake = Lake.of(job.for_storage(predicted.settings, str(folder)))
    else:
        lake = job.store(predicted.settings, request.getfixturevalue("bucket"))
    for table in TABLES:
        rows = _rows(lake, table)
        records = [record for name in table.topics for record in written[name]]
        assert records, table.name
        assert _sorted(rows) == _sorted(_expected(table, record) for record in records), table.name
    # The job may have needed one checkpoint only: then each day has one file, and there is nothing to merge.
    _split_a_file(lake, TABLES[0])
    assert compact(lake, now=lambda: time.time() + 7200)
    for table in TABLES:
        days = [file.day for file in lake.visible(table.name)]
        assert len(days) == len(set(days)), f"{table.name} has days of more than one file"
        assert _count(lake, table) == _size(written, table), table.name


def test_a_killed_task_manager_leaves_no_row_double_and_none_missing(
    stack: Stack, predicted: Predicted, tmp_path: Path
) -> None:
    written = predicted.topics()
    stored = job.for_storage(
        job.settings_for(stack), str(tmp_path / "lake"), bounded=False, start_from="earliest-offset"
    )
    lake = Lake.of(stored)
    ensure_topics(stored, topics.ALL)
    pieces = 24
    _publish(stored, written, 0, pieces)
    started = submit(stored, STORE)
    try:
        wait_until("a stored file", lambda: lake.visible(topics.OUTCOMES))
        publishing = threading.Thread(
            target=lambda: [(_publish(stored, written, piece, pieces), time.sleep(0.5)) for piece in range(1, pieces)]
        )
        publishing.start()
        wait_until("four stored files", lambda: len(lake.visible(topics.OUTCOMES)) >= 4)
        job.kill_program(stack, _task_manager(stored, started))
        publishing.join()
        wait_until("all rows", lambda: all(_count(lake, table) >= _size(written, table) for table in TABLES))
        # If the restart wrote rows twice, they are visible after the next checkpoint that begins now.
        job.wait_for_checkpoints(stored, started, job.completed_checkpoints(stored, started) + 2)
    finally:
        job.cancel(stored, started)
        stack.up()
    job.assert_restarted(stored, started)
    for table in TABLES:
        ours = [_without_place(row) for row in _rows(lake, table)]
        records = [record for name in table.topics for record in written[name]]
        assert _sorted(ours) == _sorted(_without_place(_expected(table, record)) for record in records), table.name


def _publish(settings: Settings, written: Topics, piece: int, pieces: int) -> None:
    """Write one of ``pieces`` equal parts of the records in a committed transaction, then one in an aborted one."""
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


def _rows(lake: Lake, table: Table) -> list[dict[str, Any]]:
    return lake.dataset(table.name).to_table().to_pylist()


def _split_a_file(lake: Lake, table: Table) -> None:
    """Replace the largest file by two that hold its rows."""
    file = max(lake.visible(table.name), key=lambda file: file.bytes)
    path = lake.path(table.name, file)
    rows = pq.read_table(path, filesystem=lake.files, partitioning=None)
    assert rows.num_rows > 1
    for half, part in (("first", rows.slice(0, 1)), ("second", rows.slice(1))):
        pq.write_table(part, path.replace(file.name, f"{half}-{file.name}"), filesystem=lake.files)
    lake.files.delete_file(path)


def _count(lake: Lake, table: Table) -> int:
    return lake.dataset(table.name).count_rows()


def _size(written: Topics, table: Table) -> int:
    return sum(len(written[name]) for name in table.topics)


def _expected(table: Table, record: TopicRecord) -> dict[str, Any]:
    """Return the row that a record must become."""
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
    """Drop partition and offset: a board that is published again has others."""
    return {name: value for name, value in row.items() if not name.startswith("kafka_")}


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(
        rows,
        key=lambda row: [
            str(row.get(name)) for name in ("id", "kind", "revision", "last_seen", "station", "polled_at")
        ],
    )


def _task_manager(settings: Settings, running: str) -> str:
    """Name of the TaskManager that runs the storage job's only task."""
    (vertex, *_) = job.get(settings, f"/jobs/{running}")["vertices"]
    (task,) = job.get(settings, f"/jobs/{running}/vertices/{vertex['id']}")["subtasks"]
    return str(task["taskmanager-id"])

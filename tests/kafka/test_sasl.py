"""A broker that wants a password: who has it writes and reads, who has not is told."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local import kafka
from deploy.local.folders import Folders
from tests.conftest import stack_settings
from zielzeit.boards.record import BoardRecord
from zielzeit.errors import UserError
from zielzeit.kafka.admin import answers
from zielzeit.kafka.consumer import read_topic
from zielzeit.kafka.producer import BoardProducer
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

pytestmark = pytest.mark.integration

_LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="zug" password="geheim" user_zug="geheim";'
)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a broker of its own, with name and password."""
    settings = stack_settings(
        tmp_path,
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_username="zug",
        kafka_sasl_password="geheim",
    )
    kafka.prepare(settings)
    properties = Folders.of(settings).kafka / "server.properties"
    properties.write_text(
        properties.read_text().replace("PLAINTEXT://", "SASL_PLAINTEXT://")
        + "listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n"
        + "security.inter.broker.protocol=SASL_PLAINTEXT\n"
        + "sasl.enabled.mechanisms=PLAIN\n"
        + "sasl.mechanism.inter.broker.protocol=PLAIN\n"
        + f"listener.name.sasl_plaintext.plain.sasl.jaas.config={_LOGIN}\n"
    )
    with subprocess.Popen(kafka.command(settings), stdout=subprocess.DEVNULL) as broker:
        try:
            deadline = time.monotonic() + 90
            while not answers(settings, timeout_seconds=2):
                assert broker.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.5)
            yield settings
        finally:
            broker.kill()


def test_boards_are_written_and_read_with_the_password_and_refused_without(guarded: Settings) -> None:
    board = BoardRecord(station="Hanau Hbf", body=b"{}", polled_at=datetime.now(UTC), source="replay", url="x/y")
    with BoardProducer(guarded) as producer:
        producer.publish(board)
        assert producer.flush() == 0
        producer.check()
    read = read_topic(guarded, BOARDS, from_beginning=True, follow=False, stop=threading.Event())
    assert [record.key for record in read] == ["Hanau Hbf"]

    stranger = guarded.model_copy(update={"kafka_sasl_username": "fremd"})
    with pytest.raises(UserError, match=r"no Kafka broker answers at .*, or it refuses the user 'fremd'") as refused:
        BoardProducer(stranger)
    assert "geheim" not in str(refused.value)

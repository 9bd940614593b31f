"""Administration of the topics: they are created so that no record is deleted or refused because it is old."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from zielzeit.errors import UserError
from zielzeit.kafka.client import CONNECT_SECONDS, broker_error, options
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_AHEAD = "message.timestamp.after.max.ms"
_FOREVER = 2**63 - 1


class TopicLimits(msgspec.Struct, frozen=True):
    """What a topic refuses."""

    record_bytes: int
    """Bytes of the largest batch of records that it takes."""
    ahead_ms: int
    """Most milliseconds by which a record's time may be ahead of the broker's clock."""


def topic_config(settings: Settings, name: str) -> dict[str, str]:
    """Kafka's configuration of one of the topics of ``zielzeit.topics``.

    Record timestamps are event times, years old in a replay. So nothing is deleted by age. A board with a time far
    ahead would carry the job's watermark with it, and all other stations' boards would be late: the topic ``boards``
    refuses such records. The other topics' times follow from it.
    """
    ahead = settings.boards_ahead_minutes * 60_000 if name == BOARDS else 0
    return {
        "retention.ms": "-1",
        _AHEAD: str(ahead or _FOREVER),
        # Boards come compressed one by one: neither broker nor JVM should decompress and compress them again.
        "compression.type": "producer" if name == BOARDS else "zstd",
    }


def ensure_topics(settings: Settings, names: Iterable[str]) -> list[str]:
    """Create the topics that do not exist, and wait until they can be used; returns the full names of the created ones.

    Existing topics are left alone, with a warning if they delete by age or take boards of any time ahead. Raises
    UserError if no broker answers or the broker refuses.
    """
    wanted = {settings.topic(name): topic_config(settings, name) for name in names}
    with _admin(settings) as admin:
        existing = wanted.keys() & set(admin.list_topics())
        missing = {
            topic: {"num_partitions": settings.topic_partitions, "configs": config}
            for topic, config in wanted.items()
            if topic not in existing
        }
        created: list[str] = []
        if missing:
            answers = admin.create_topics(missing, raise_errors=False, wait_for_metadata=True)["topics"]
            # Another process may have created a topic in between.
            created = [answer["name"] for answer in answers if _done(answer, already=TopicAlreadyExistsError)]
        for topic in sorted(existing):
            _warn_of_retention(admin, topic)
            _warn_of_times_ahead(admin, topic, int(wanted[topic][_AHEAD]))
    return created


def remove_topics(settings: Settings, names: Iterable[str]) -> None:
    """Delete the topics that exist, with all their records, and wait until they are gone.

    Raises UserError if no broker answers or the broker refuses.
    """
    unwanted = {settings.topic(name) for name in names}
    with _admin(settings) as admin:
        while existing := unwanted & set(admin.list_topics()):
            for answer in admin.delete_topics(sorted(existing), raise_errors=False)["topics"]:
                _done(answer, already=UnknownTopicOrPartitionError)
            time.sleep(_POLL_SECONDS)


def partition_count(settings: Settings, name: str) -> int:
    """Number of partitions of a topic, 0 if there is no such topic. Raises UserError if no broker answers."""
    with _admin(settings) as admin:
        return sum(len(topic["partitions"]) for topic in admin.describe_topics([settings.topic(name)]))


def topic_limits(settings: Settings, name: str) -> TopicLimits:
    """What an existing topic refuses. Raises UserError if no broker answers."""
    with _admin(settings) as admin:
        topic = settings.topic(name)
        return TopicLimits(int(_config(admin, topic, "max.message.bytes")), int(_config(admin, topic, _AHEAD)))


def answers(settings: Settings, timeout_seconds: float) -> bool:
    """Return True if the first bootstrap server answers within the time."""
    host, _, port = settings.kafka_bootstrap.split(",")[0].rpartition(":")
    try:
        # A broker that is down refuses the connection: that is cheaper to see than by a client of Kafka.
        socket.create_connection((host, int(port)), timeout_seconds).close()
        with _admin(settings, timeout_seconds):
            return True
    except (OSError, UserError):
        return False


@contextmanager
def _admin(settings: Settings, timeout_seconds: float | None = None) -> Iterator[KafkaAdminClient]:
    """A client for administration; errors of Kafka become UserErrors."""
    milliseconds = round((timeout_seconds or CONNECT_SECONDS) * 1000)
    try:
        with KafkaAdminClient(**options(settings) | {"bootstrap_timeout_ms": milliseconds}) as admin:
            yield admin
    except KafkaError as error:
        raise broker_error(settings, error) from None


def _done(answer: dict[str, object], *, already: type[KafkaError]) -> bool:
    """Return True if the broker did it, False if it had been done before, which the error ``already`` says.

    Raises any other error that the answer holds.
    """
    error = for_code(answer["error_code"])
    if answer["error_code"] and error is not already:
        raise error(answer.get("error_message"))
    return not answer["error_code"]


def _config(admin: KafkaAdminClient, topic: str, key: str) -> str:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, [key])
    value: str = admin.describe_configs([resource], config_filter="all")["topic"][topic][key]["value"]
    return value


def _warn_of_retention(admin: KafkaAdminClient, topic: str) -> None:
    if (retention := _config(admin, topic, "retention.ms")) != "-1":
        log.warning(
            "topic %s deletes records older than %s ms, which recorded boards are: set its retention.ms to -1",
            topic,
            retention,
        )


def _warn_of_times_ahead(admin: KafkaAdminClient, topic: str, most: int) -> None:
    if int(_config(admin, topic, _AHEAD)) > most:
        log.warning(
            "topic %s takes records of any time ahead, and one with a wrong clock makes all others late: "
            "set its %s to %d (ZIELZEIT_BOARDS_AHEAD_MINUTES=0 where clocks are simulated)",
            topic,
            _AHEAD,
            most,
        )

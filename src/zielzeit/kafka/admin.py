"""The topics in Kafka: made where they are missing, so that no record is deleted or refused for the age of its time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from zielzeit.errors import UserError
from zielzeit.settings import Settings
from zielzeit.topics import BOARDS

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0
_POLL_SECONDS = 0.1
_FOREVER = str(2**63 - 1)


def topic_config(name: str) -> dict[str, str]:
    """Settings of one of the topics of ``zielzeit.topics``.

    Record timestamps are event times: years old in a replay, hours ahead under a fast simulator. So nothing is deleted
    by age, and a time ahead of the broker's clock is no reason to refuse a record (by default over an hour is).
    """
    return {
        "retention.ms": "-1",
        "message.timestamp.after.max.ms": _FOREVER,
        # Boards come packed one by one and stay so: neither broker nor JVM should unpack and pack again.
        "compression.type": "producer" if name == BOARDS else "zstd",
    }


def ensure_topics(settings: Settings, names: Iterable[str]) -> list[str]:
    """Create those of the topics that do not exist; returns the full names of the created ones.

    Existing topics are left alone, with a warning where they delete by age. Raises UserError where no broker answers
    or the broker refuses.
    """
    admin = AdminClient(settings.kafka_client_config() | {"log_level": 0})
    wanted = {settings.topic(name): topic_config(name) for name in names}
    try:
        existing = admin.list_topics(timeout=_TIMEOUT_SECONDS).topics.keys() & wanted.keys()
        missing = [
            NewTopic(topic, settings.topic_partitions, config=config)
            for topic, config in wanted.items()
            if topic not in existing
        ]
        futures = admin.create_topics(missing, request_timeout=_TIMEOUT_SECONDS) if missing else {}
        created = [topic for topic, future in futures.items() if _ignoring(KafkaError.TOPIC_ALREADY_EXISTS, future)]
        _warn_of_retention(admin, existing)
    except KafkaException as error:
        raise broker_error(settings, error) from None
    return created


def remove_topics(settings: Settings, names: Iterable[str]) -> None:
    """Delete those of the topics that exist, with all their records, and wait until they are gone.

    Raises UserError where no broker answers or the broker refuses.
    """
    admin = AdminClient(settings.kafka_client_config() | {"log_level": 0})
    unwanted = {settings.topic(name) for name in names}
    try:
        while existing := admin.list_topics(timeout=_TIMEOUT_SECONDS).topics.keys() & unwanted:
            for future in admin.delete_topics(list(existing), request_timeout=_TIMEOUT_SECONDS).values():
                _ignoring(KafkaError.UNKNOWN_TOPIC_OR_PART, future)
            time.sleep(_POLL_SECONDS)
    except KafkaException as error:
        raise broker_error(settings, error) from None


def broker_error(settings: Settings, error: KafkaException) -> UserError:
    """What a person should read when Kafka cannot be reached or refuses."""
    cause: KafkaError = error.args[0]
    if cause.code() in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN):
        return UserError(
            f"no Kafka broker answers at {settings.kafka_bootstrap}: start the local stack with './zielzeit stack up' "
            "or name your broker with ZIELZEIT_KAFKA_BOOTSTRAP"
        )
    return UserError(f"Kafka at {settings.kafka_bootstrap} refused: {cause.str()}")


def _ignoring(code: int, future: Future[None]) -> bool:
    """Whether it was done; False where another process did it just before, which this error code tells."""
    try:
        future.result()
    except KafkaException as error:
        if error.args[0].code() == code:
            return False
        raise
    return True


def _warn_of_retention(admin: AdminClient, topics: Iterable[str]) -> None:
    resources = [ConfigResource(ResourceType.TOPIC, topic) for topic in topics]
    futures = admin.describe_configs(resources, request_timeout=_TIMEOUT_SECONDS) if resources else {}
    for resource, future in futures.items():
        if (retention := future.result()["retention.ms"].value) != "-1":
            log.warning(
                "topic %s deletes records older than %s ms, which recorded boards are: set its retention.ms to -1",
                resource.name,
                retention,
            )

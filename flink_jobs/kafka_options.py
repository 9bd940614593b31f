"""Options of Flink's Kafka tables: which topics, from where, and how to reach the broker."""

from __future__ import annotations

from collections.abc import Iterable

from flink_jobs import sql
from flink_jobs.flink_types import sql_type
from zielzeit import topics
from zielzeit.boards.record import KEY, TIMESTAMP, VALUE
from zielzeit.lake.table_definitions import table
from zielzeit.settings import Settings

RAW_BOARDS = {
    "key.format": "raw",
    "key.fields": KEY,
    "value.format": "raw",
    "value.fields-include": "EXCEPT_KEY",
}
"""Formats of the topic ``boards``: key and value as they are."""
_METADATA = {TIMESTAMP: "timestamp", "kafka_partition": "partition", "kafka_offset": "offset"}
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": _SCRAM,
    "SCRAM-SHA-512": _SCRAM,
}


def scan(settings: Settings, *names: str) -> dict[str, str]:
    """Options of a source that reads topics from where the settings say; the caller adds the formats."""
    options = {
        "connector": "kafka",
        "topic": ";".join(map(settings.topic, names)),
        "scan.startup.mode": settings.start_from,
        "properties.group.id": settings.group_id,
        "properties.auto.offset.reset": "earliest",
        # Records of a transaction that was aborted are not part of a topic.
        "properties.isolation.level": "read_committed",
    } | client(settings)
    if settings.bounded:
        options["scan.bounded.mode"] = "latest-offset"
    return options


def board_columns(names: Iterable[str]) -> list[str]:
    """Definitions of columns of the lake's table ``boards`` in a source that reads the topic ``boards``."""
    types = {column.name: sql_type(column.type) for column in table(topics.BOARDS).columns}
    return [
        f"{sql.name(name)} {types[name]}"
        + ("" if name in (KEY, VALUE) else f" METADATA FROM {sql.text(_METADATA[name])} VIRTUAL")
        for name in names
    ]


def client(settings: Settings) -> dict[str, str]:
    """Properties of the Java client that reach and authenticate at the broker."""
    properties = {
        "properties.bootstrap.servers": settings.kafka_bootstrap,
        "properties.security.protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        module = _LOGIN_MODULES[settings.kafka_sasl_mechanism]
        user = _quoted(settings.kafka_sasl_username)
        password = _quoted(settings.kafka_sasl_password.get_secret_value())
        properties["properties.sasl.mechanism"] = settings.kafka_sasl_mechanism
        properties["properties.sasl.jaas.config"] = f"{module} required username={user} password={password};"
    return properties


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

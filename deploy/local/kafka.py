"""The local Kafka: one process that is broker and controller (KRaft); no record is deleted for its age."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid

from deploy.local import scratch
from deploy.local.addresses import kafka_address
from deploy.local.folders import Folders
from deploy.local.java import console_logging, jars, java_command
from zielzeit.errors import UserError
from zielzeit.settings import Settings

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Largest record that the broker takes: 200 times a large station's board before compression."""


def server_properties(settings: Settings) -> str:
    """Content of the broker's ``server.properties``."""
    address = kafka_address(settings)
    controller = f"{address.host}:{settings.kafka_controller_port}"
    properties = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{address},CONTROLLER://{controller}",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": controller,
        "log.dirs": Folders.of(settings).kafka / "data",
        "auto.create.topics.enable": "false",
        # Record timestamps are event times, sometimes years old: by age the broker would delete replays at once.
        "log.retention.ms": -1,
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
        "num.partitions": settings.topic_partitions,
        # One node holds all copies.
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Kafka's own topics have few partitions: the default would open 150 log files on one machine.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        # Flink's open transactions must outlive a checkpoint interval and a long restart.
        "transaction.max.timeout.ms": 60 * 60 * 1000,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def command(settings: Settings) -> list[str]:
    """Command line that runs the broker in the foreground."""
    return [*_java(settings, heap="512m"), "kafka.Kafka", str(Folders.of(settings).kafka / "server.properties")]


def prepare(settings: Settings) -> None:
    """Write the configuration and format the storage folder, once.

    Raises UserError if the jars are missing or the broker's own tool refuses.
    """
    jars(settings.jars_dir / "kafka")
    folder = Folders.of(settings).kafka
    folder.mkdir(parents=True, exist_ok=True)
    console_logging(folder, "kafka.server.KafkaRaftServer")
    properties = folder / "server.properties"
    properties.write_text(server_properties(settings))
    if (folder / "data" / "meta.properties").exists():
        return
    with scratch.of_client(Folders.of(settings)) as temporary:
        done = subprocess.run(
            [
                *_java(settings, heap="128m"),
                *("kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted"),
                *("--cluster-id", cluster_id(), "--config", str(properties)),
            ],
            env={**os.environ, **scratch.environment(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise UserError(f"Kafka could not format {folder / 'data'}: {(done.stderr or done.stdout).strip()[-500:]}")


def _java(settings: Settings, heap: str) -> list[str]:
    return java_command(settings.jars_dir / "kafka", Folders.of(settings).kafka, [f"-Xmx{heap}", "-XX:+UseG1GC"])


def cluster_id() -> str:
    """A random cluster id as Kafka writes it: 16 bytes in URL-safe base 64, without padding."""
    # The format tool takes an id that begins with a dash for an option.
    return base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")

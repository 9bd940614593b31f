"""Quix Streams, exactly once: a transaction each second holds records and offsets. It runs until it is terminated.

The broker waits some seconds for a new group's members, so each process has its partitions from their first board on.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context
from quixstreams.models.serializers import Serializer

from bench.peers.task import Partitions, task, tell
from zielzeit import topics


class _Value(Serializer):  # type: ignore[misc]  # it is installed in the peer's environment only
    """Writes the value of a ``Record``."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        found: bytes = value[2]
        return found


def main() -> None:
    """Decide the partitions that the group gives to this process."""
    given = task()
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=1.0,
        state_dir=given.folder,
        loglevel="WARNING",
        auto_create_topics=False,
    )
    boards = app.topic(given.boards, value_deserializer="bytes", key_deserializer="bytes")
    written = {
        name: app.topic(given.prefix + name, key_serializer="str", value_serializer=_Value())
        for name in topics.DECISIONS
    }
    decisions = Partitions(given)
    begun: set[int] = set()

    def take(value: bytes, key: bytes, timestamp: int, _headers: Any) -> list[tuple[Any, ...]]:
        message = message_context()
        if message.partition not in begun:
            begun.add(message.partition)
            if message.offset:
                raise RuntimeError(f"partition {message.partition} has moved here: its stations' state is elsewhere")
        return [tuple(record) for record in decisions.take(message.partition, key, timestamp, value)]

    decided = app.dataframe(boards).apply(take, expand=True, metadata=True)
    decided = decided.set_timestamp(lambda record, *_: record[3])
    decided.to_topic(lambda record, *_: written[record[0]], key=lambda record: record[1])
    app.run()
    tell(decisions.first)


if __name__ == "__main__":
    main()

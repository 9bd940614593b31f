"""Bytewax, two processes in one cluster; at least once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.testing import cluster_main

from bench.peers.task import Partitions, task, tell

_BATCH = 500


def main() -> None:
    """Decide this process's share of the partitions up to their present ends."""
    given = task()
    decisions = Partitions(given)

    def take(batch: list[Any]) -> Iterator[Any]:
        for message in batch:
            for record in decisions.take(message.partition, message.key, message.timestamp[1], message.value):
                yield KafkaSinkMessage(
                    record.key.encode(), record.value, topic=given.prefix + record.topic, timestamp=record.at
                )

    flow = Dataflow("decide")
    boards = op.input("boards", flow, KafkaSource([given.bootstrap], [given.boards], tail=False, batch_size=_BATCH))
    decided = op.flat_map_batch("decide", boards, take)
    op.output("decisions", decided, KafkaSink([given.bootstrap], None))
    cluster_main(flow, list(given.addresses), given.process)
    tell(decisions.first)


if __name__ == "__main__":
    main()

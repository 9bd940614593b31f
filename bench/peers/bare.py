"""The bare loop: a consumer, the decision, a producer; at least once."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from bench.peers.task import Partitions, task, tell

_BATCH = 500
_COMMIT_SECONDS = 1.0


def main() -> None:
    """Decide the task's partitions up to their present ends."""
    given = task()
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap,
            "group.id": given.group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": given.bootstrap,
            "acks": "all",
            "linger.ms": 20,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    consumer.assign([TopicPartition(given.boards, number, OFFSET_BEGINNING) for number in given.partitions])
    unfinished, decisions, taken = set(given.partitions), Partitions(given), 0
    committed = time.monotonic()
    while unfinished:
        for message in consumer.consume(_BATCH, 1.0):
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                unfinished.discard(message.partition())
                continue
            taken += 1
            for record in decisions.take(message.partition(), message.key(), message.timestamp()[1], message.value()):
                producer.produce(given.prefix + record.topic, record.value, record.key, timestamp=record.at)
        producer.poll(0)
        if taken and (not unfinished or time.monotonic() - committed > _COMMIT_SECONDS):
            producer.flush()
            consumer.commit(asynchronous=False)
            taken, committed = 0, time.monotonic()
    tell(decisions.first)
    consumer.close()


if __name__ == "__main__":
    main()

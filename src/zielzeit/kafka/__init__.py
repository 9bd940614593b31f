"""Kafka: administration of the topics, producer of boards, consumer of committed records."""

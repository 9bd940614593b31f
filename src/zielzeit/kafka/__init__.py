"""Kafka: topics' administration, producer of boards, consumer for people."""

"""Settings reach kafka-python under its own names, and its log stays quiet."""

from __future__ import annotations

import logging
import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaTimeoutError, SaslAuthenticationFailedError, TopicAuthorizationFailedError

from zielzeit.errors import UserError
from zielzeit.kafka.admin import answers, ensure_topics
from zielzeit.kafka.client import broker_error, options
from zielzeit.settings import load
from zielzeit.topics import BOARDS

SASL = load(
    kafka_bootstrap="127.0.0.1:1,127.0.0.1:2",
    kafka_security_protocol="SASL_SSL",
    kafka_sasl_mechanism="SCRAM-SHA-512",
    kafka_sasl_username="zug",
    kafka_sasl_password="geheim",
)


def test_settings_become_options_that_every_client_knows() -> None:
    assert SASL.kafka_client_config() == {
        "bootstrap_servers": ["127.0.0.1:1", "127.0.0.1:2"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "zug",
        "sasl_plain_password": "geheim",
    }
    for client in (KafkaAdminClient, KafkaConsumer, KafkaProducer):
        assert options(SASL).keys() <= client.DEFAULT_CONFIG.keys()


def test_without_sasl_no_user_is_named() -> None:
    assert load(kafka_security_protocol="SSL", kafka_sasl_username="zug").kafka_client_config() == {
        "bootstrap_servers": ["127.0.0.1:9092"],
        "security_protocol": "SSL",
    }


def test_a_broker_that_is_not_there_is_one_sentence_and_no_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zielzeit.kafka.admin.CONNECT_SECONDS", 0.5)
    with caplog.at_level(logging.DEBUG), pytest.raises(UserError, match=r"no Kafka broker answers at 127\.0\.0\.1:1,"):
        ensure_topics(SASL, [BOARDS])
    assert not caplog.records


def test_whether_a_broker_answers_is_known_at_once_if_nobody_listens() -> None:
    began = time.monotonic()
    assert not answers(SASL, timeout_seconds=5)
    assert time.monotonic() - began < 1


def test_a_refusal_is_told_apart_from_a_broker_that_does_not_answer() -> None:
    assert "no Kafka broker answers" in str(broker_error(SASL, KafkaTimeoutError()))
    for refusal in (SaslAuthenticationFailedError("bad password"), TopicAuthorizationFailedError("boards")):
        assert str(broker_error(SASL, refusal)).startswith("Kafka at 127.0.0.1:1,127.0.0.1:2 refused: ")

"""What the clients of kafka-python have in common here: options, a quiet log, errors in words."""

from __future__ import annotations

import logging
from typing import Any

from kafka.errors import (
    Cancelled,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from zielzeit.errors import UserError
from zielzeit.settings import Settings

CONNECT_SECONDS = 5.0
"""Longest wait for the first answer of a broker."""

_UNREACHABLE = (Cancelled, KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError)

# kafka-python logs each attempt to reconnect as a warning or an error. What a person needs to know is said once, by
# the modules of this room. Its debug log has the password.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


def options(settings: Settings) -> dict[str, Any]:
    """Options that every client of kafka-python takes: where the broker is and how to reach it again."""
    return settings.kafka_client_config() | {
        "bootstrap_timeout_ms": round(CONNECT_SECONDS * 1000),
        "reconnect_backoff_max_ms": 1000,  # by default up to 30 s pass after the broker is back
    }


def broker_error(settings: Settings, error: KafkaError) -> UserError:
    """The error that a person reads if the broker cannot be reached or refuses."""
    if isinstance(error, _UNREACHABLE):
        # kafka-python tries a login again until its time is over, and does not say that it was refused.
        sasl = settings.kafka_security_protocol.startswith("SASL")
        login = f", or it refuses the user {settings.kafka_sasl_username!r}" if sasl else ""
        return UserError(
            f"no Kafka broker answers at {settings.kafka_bootstrap}{login}: start the local stack with "
            "'./zielzeit stack up' or name your broker with ZIELZEIT_KAFKA_BOOTSTRAP"
        )
    return UserError(f"Kafka at {settings.kafka_bootstrap} refused: {error}")

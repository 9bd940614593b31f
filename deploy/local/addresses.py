"""Where the parts of the local stack listen: addresses of this machine, taken from the settings."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from zielzeit.errors import UserError
from zielzeit.settings import Settings, environment_variable

LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Address(NamedTuple):
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def local_address(settings: Settings, name: str) -> Address:
    """Host and port in the setting of this name, a bootstrap server or a URL.

    Raises UserError unless it is a single ``host:port`` of the loopback interface: the local stack is for this machine
    only.
    """
    value = str(getattr(settings, name))
    parts = urlsplit(value if "//" in value else f"//{value}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.hostname not in LOOPBACK or port is None:
        raise UserError(
            f"{environment_variable(name)}={value}: the local stack listens on this machine only. Give 127.0.0.1 and a "
            "port, or use the parts that run elsewhere without `stack`"
        )
    return Address(parts.hostname, port)


def kafka_address(settings: Settings) -> Address:
    """Address of the broker."""
    return local_address(settings, "kafka_bootstrap")


def flink_address(settings: Settings) -> Address:
    """Address of the JobManager's REST API and dashboard."""
    return local_address(settings, "flink_rest")


def mlflow_address(settings: Settings) -> Address:
    """Address of the tracking server."""
    return local_address(settings, "mlflow_uri")


def prometheus_address(settings: Settings) -> Address:
    """Address of the stack's own Prometheus."""
    return local_address(settings, "prometheus_url")


def is_local(settings: Settings) -> bool:
    """Return True if the Flink cluster runs on this machine."""
    return urlsplit(settings.flink_rest).hostname in LOOPBACK

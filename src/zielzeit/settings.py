"""Every setting of Zielzeit in one typed object, read from the environment (``ZIELZEIT_…``) and from flags.

Minutes are minutes of event time unless the name says otherwise. Secrets never show in ``repr`` or logs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from zielzeit.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this module stands in; where the package is installed by pip, the folder of its packages."""


class Settings(BaseSettings):
    """Where the parts are and how the rules are set. Environment: ``ZIELZEIT_`` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="ZIELZEIT_", extra="forbid", frozen=True)

    local_dir: Path = Field(ROOT / ".local", description="folder of the local stack: state, logs, jars")

    jars_dir: Path = Field(ROOT / ".local" / "jars", description="jars that ./zielzeit fetched as pom.xml says")

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port[,host:port]")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: str = "PLAIN"
    kafka_sasl_username: str = ""
    kafka_sasl_password: SecretStr = SecretStr("")
    kafka_controller_port: int = Field(9093, description="KRaft controller's port of the local stack's broker")
    topic_prefix: str = Field("", description="put before every topic's name, e.g. 'test.'")
    topic_partitions: int = Field(4, ge=1, description="partitions of the topics that Zielzeit creates")

    flink_rest: str = Field(
        "http://127.0.0.1:8081", description="address of the Flink cluster's REST API and dashboard"
    )
    flink_rpc_port: int = Field(6123, description="JobManager's port of the local stack, for its TaskManagers")
    flink_metrics_port: int = Field(9249, description="first of the ports where the local Flink answers Prometheus")
    flink_execution_mode: Literal["thread", "process"] = Field("thread", description="how Flink runs Python")
    task_managers: int = Field(2, ge=1, description="TaskManagers of the local stack, one slot each")
    parallelism: int = Field(2, ge=1, description="parallelism of the job")
    checkpoint_interval_seconds: float = Field(10.0, gt=0)

    group_id: str = Field("zielzeit", description="Kafka consumer group and transactional id prefix of the job")
    start_from: Literal["group-offsets", "earliest-offset", "latest-offset", "archive"] = Field(
        "group-offsets",
        description="where a job without savepoint begins: the group's offsets (or the start where it has none), the "
        "topic's start or end, or the boards in the lake, and after them the topic",
    )
    bounded: bool = Field(False, description="read the topic up to its present end and finish")
    idle_timeout_seconds: float = Field(
        30.0, gt=0, description="an idle partition holds time back this long; longer than the broker takes to restart"
    )
    transaction_timeout_minutes: int = Field(15, ge=1, le=60, description="longer than the longest restart of the job")

    lake: str = Field(
        default_factory=lambda given: str(given["local_dir"] / "lake"),
        description="where Parquet files go: a folder, or s3://bucket/prefix",
    )
    store_interval_seconds: float = Field(
        300.0, gt=0, description="checkpoint interval of the storage job: as long a file waits to be seen"
    )

    s3_endpoint: str = Field("", description="address of an S3-compatible store, http(s)://host:port; empty: AWS")
    s3_region: str = Field("eu-central-1", description="region of the store; most others than AWS take any")
    s3_access_key: str = Field("", description="empty: as the machine's environment or role says")
    s3_secret_key: SecretStr = SecretStr("")
    s3_path_style: bool = Field(True, description="buckets in the path, not in the host's name; AWS takes both")

    mlflow_uri: str = Field("http://127.0.0.1:5000", description="MLflow tracking server and model registry")
    model_name: str = Field("zielzeit-delay", description="registered model")
    model_alias: str = Field("champion", description="alias of the version that the job serves")
    model_refresh_seconds: float = Field(30.0, gt=0, description="how often the job looks for a new champion")

    gap_minutes: int = Field(7, ge=1, le=60, description="silence that makes a departure")
    settle_minutes: int = Field(8, ge=1, le=50, description="how far a believed departure must lie behind its board")
    grace_minutes: int = Field(5, ge=0, le=60, description="how late a board may arrive and still count in order")
    max_silence_minutes: int = Field(60, ge=1, le=720, description="longest outage across which a decision is made")

    @model_validator(mode="after")
    def _silence_outlasts_gap(self) -> Self:
        if self.max_silence_minutes <= self.gap_minutes:
            raise ValueError("max_silence_minutes must be larger than gap_minutes")
        return self

    def topic(self, name: str) -> str:
        """Full name of one of the topics in ``zielzeit.topics``."""
        return self.topic_prefix + name

    @property
    def lake_uri(self) -> str:
        """The lake as a URI, without a slash at the end."""
        return (self.lake if "://" in self.lake else Path(self.lake).expanduser().resolve().as_uri()).rstrip("/")

    def for_storage(self) -> Self:
        """Settings of the storage job: reads in a group of its own, on one slot, with checkpoints minutes apart."""
        return self.model_copy(
            update={
                "group_id": f"{self.group_id}-store",
                "parallelism": 1,
                "start_from": "group-offsets" if self.start_from == "archive" else self.start_from,
                "checkpoint_interval_seconds": self.store_interval_seconds,
            }
        )

    @property
    def job_name(self) -> str:
        """What the cluster calls the job; with topics of its own it is another job."""
        return f"{self.topic_prefix}zielzeit"

    @property
    def store_name(self) -> str:
        """What the cluster calls the storage job."""
        return f"{self.job_name}-store"

    def as_environment(self) -> dict[str, str]:
        """These settings as the variables they can be read from, secrets in clear: only for a child's environment."""
        values = self.model_dump()
        secret = {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}
        return {f"ZIELZEIT_{name.upper()}": str(value) for name, value in (values | secret).items()}

    def kafka_client_config(self) -> dict[str, str]:
        """librdkafka properties that reach and authenticate at the broker."""
        config = {"bootstrap.servers": self.kafka_bootstrap, "security.protocol": self.kafka_security_protocol}
        if self.kafka_security_protocol.startswith("SASL"):
            config |= {
                "sasl.mechanism": self.kafka_sasl_mechanism,
                "sasl.username": self.kafka_sasl_username,
                "sasl.password": self.kafka_sasl_password.get_secret_value(),
            }
        return config


def load(**overrides: object) -> Settings:
    """Settings from the environment, then from flags that are not None.

    Raises UserError, one line per wrong setting, with its environment name.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            label = f"ZIELZEIT_{name.upper()} (--{name.replace('_', '-')})" if name else "settings"
            lines.append(f"{label}: {problem['msg']}")
        raise UserError("; ".join(lines)) from None

"""Every setting of Zielzeit in one typed object, read from the environment and from flags.

A setting has one name everywhere: ``kafka_bootstrap`` here, ``ZIELZEIT_KAFKA_BOOTSTRAP`` in the environment and, on the
commands that take it, ``--kafka-bootstrap``. The descriptions are the commands' help texts. Secrets never show in
``repr`` or logs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from zielzeit.errors import UserError
from zielzeit.printable import without_login

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this module stands in; where the package was installed by pip a folder without meaning."""
CHECKOUT = ROOT if (ROOT / "zielzeit").is_file() and (ROOT / "pyproject.toml").is_file() else None
"""The checkout, or None where there is none."""

_ENVIRONMENT_PREFIX = "ZIELZEIT_"
_BOUNDED_CHECKPOINT_SECONDS = 2.0


def home() -> Path:
    """Folder of what Zielzeit writes unless a setting says otherwise.

    ``.local`` in a checkout; the user's data folder where the package was installed by pip, as
    ``~/.local/share/zielzeit`` on Linux.
    """
    if CHECKOUT is not None:
        return CHECKOUT / ".local"
    from platformdirs import user_data_path  # noqa: PLC0415 - a worker of a cluster needs no such folder

    return user_data_path("zielzeit")


class Settings(BaseSettings):
    """Where the parts are and how the rules are set."""

    model_config = SettingsConfigDict(env_prefix=_ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    local_dir: Path = Field(
        default_factory=home, description="Folder of the local stack: its state, logs, jars and, by default, the lake."
    )
    jars_dir: Path = Field(
        default_factory=lambda: home() / "jars", description="Folder of the Java archives that pom.xml lists."
    )

    stations: str = Field(
        "", description="CSV file of stations that add to the packaged station table or override it; empty: none."
    )

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port[,host:port].")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How Kafka clients connect: in clear or by TLS, with or without a password."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="SASL mechanism, for the SASL_… security protocols."
    )
    kafka_sasl_username: str = Field("", description="SASL user name.")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    kafka_controller_port: int = Field(9093, description="Port of the KRaft controller of the local stack's broker.")
    topic_prefix: str = Field("", description="Text before the name of every topic, e.g. 'test.'.")
    topic_partitions: int = Field(4, ge=1, description="Number of partitions of the topics that Zielzeit creates.")

    boards_ahead_minutes: int = Field(
        10,
        ge=0,
        description="Minutes by which a record of the topic boards may be ahead of the broker's clock, where Zielzeit "
        "creates the topic; 0: any time, for simulated clocks.",
    )

    flink_rest: str = Field("http://127.0.0.1:8081", description="URL of the Flink cluster's REST API and dashboard.")
    flink_rpc_port: int = Field(6123, description="Port where the local stack's JobManager listens for TaskManagers.")
    high_availability: bool = Field(
        True,
        description="Whether the local stack runs ZooKeeper, so that jobs go on by themselves after the JobManager's "
        "death; it takes 100 MB of memory.",
    )
    zookeeper_port: int = Field(2181, description="Port of the local stack's ZooKeeper.")
    flink_metrics_port: int = Field(
        9249, description="First of the consecutive ports where the local stack's Flink answers Prometheus."
    )
    flink_execution_mode: Literal["thread", "process"] = Field(
        "thread", description="Whether Flink runs Python inside the JVM (thread) or beside it (process)."
    )
    task_managers: int = Field(2, ge=1, description="Number of TaskManagers of the local stack, one slot each.")
    parallelism: int = Field(2, ge=1, description="Parallelism of the job: the number of slots that it takes.")
    checkpoint_interval_seconds: float = Field(
        10.0,
        gt=0,
        description="Seconds between two checkpoints of the job, 2 at most if it is bounded; readers see records once "
        "a checkpoint.",
    )
    state_backend: Literal["rocksdb", "hashmap"] = Field(
        "rocksdb",
        description="Where Flink keeps the state of a job: on the disk (rocksdb), where a checkpoint writes what "
        "changed since the one before, or on the heap (hashmap), where it writes all. To change it, stop the job with "
        "a savepoint.",
    )
    restart_attempts: int = Field(
        0,
        ge=0,
        description="Attempts to restart a failing job, at most a minute apart, before it counts as failed; "
        "0: no limit.",
    )

    group_id: str = Field("zielzeit", description="Kafka consumer group and prefix of the job's transactional ids.")
    start_from: Literal["group-offsets", "earliest-offset", "latest-offset", "archive"] = Field(
        "group-offsets",
        description="Where a job without savepoint begins to read: the group's offsets (or the start where it has "
        "none), the topic's start, its end, or the boards in the lake and after them the topic.",
    )
    bounded: bool = Field(False, description="Read the topics up to their present end and finish.")
    idle_timeout_seconds: float = Field(
        30.0,
        gt=0,
        description="Seconds without a record after which a partition no longer holds event time back; longer than "
        "the broker takes to restart.",
    )
    transaction_timeout_minutes: int = Field(
        15, ge=1, le=60, description="Minutes until Kafka aborts an open transaction; longer than a restart of the job."
    )

    lake: str = Field(
        default_factory=lambda given: str(given["local_dir"] / "lake"),
        description="Where the Parquet files are: a folder, or s3://bucket/prefix.",
    )
    store_interval_seconds: float = Field(
        300.0, gt=0, description="Seconds between two checkpoints of the storage job: each one makes its files visible."
    )

    s3_endpoint: str = Field("", description="URL of an S3-compatible store, http(s)://host:port; empty: AWS.")
    s3_region: str = Field("eu-central-1", description="Region of the store; most stores but AWS accept any.")
    s3_access_key: str = Field("", description="Access key of the store; empty: the machine's environment or role.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the store.")
    s3_path_style: bool = Field(
        True, description="Name buckets in the URL's path instead of in its host name; AWS accepts both."
    )

    prometheus_url: str = Field(
        "http://127.0.0.1:9090", description="URL of the local stack's Prometheus, which `stack up prometheus` starts."
    )
    node_exporter: str = Field(
        "",
        description="Address of this machine's exporter for Prometheus, host:port, which knows the disks; empty: none.",
    )

    mlflow_uri: str = Field("http://127.0.0.1:5000", description="URI of the MLflow tracking server and registry.")
    model_name: str = Field("zielzeit-delay", description="Name of the registered model.")
    model_alias: str = Field("champion", description="Alias of the model version that predicts.")
    model_refresh_seconds: float = Field(
        30.0, gt=0, description="Seconds between two looks of the job for a new model version."
    )

    poll_interval_seconds: float = Field(180.0, ge=0.1, description="Seconds between two polls of a station's board.")
    poll_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port where the poller answers Prometheus, on all interfaces; 0: none."
    )

    no_related: bool = Field(
        False,
        description="Poll boards without the rows of related stations, such as 'Hbf (tief)' on the board of 'Hbf' "
        "(no_related=1).",
    )

    gap: int = Field(
        7,
        ge=1,
        le=60,
        description="Minutes of event time without a report after which a train has departed, on boards that do not "
        "keep departed trains.",
    )
    settle: int = Field(
        8,
        ge=1,
        le=50,
        description="Minutes between a train's believed departure and the board that confirms it, on boards polled "
        "with past=1.",
    )
    early_minutes: int = Field(
        2,
        ge=0,
        le=30,
        description="Minutes between a train's believed departure and the board that tells it early, before the "
        "departure is decided, on boards polled with past=1; 0: no early predictions.",
    )
    grace: int = Field(
        5, ge=0, le=60, description="Minutes of event time that a board may arrive late and still be taken in order."
    )
    max_silence: int = Field(
        60,
        ge=1,
        le=720,
        validate_default=True,
        description="Minutes between two boards of a station beyond which trains that vanished are undecided; larger "
        "than the gap.",
    )

    @field_validator("local_dir", "jars_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("max_silence")
    @classmethod
    def _silence_outlasts_gap(cls, value: int, others: ValidationInfo) -> int:
        gap = others.data.get("gap")
        if gap is not None and value <= gap:
            raise ValueError(f"must be larger than the gap, {gap} minutes, and is {value}")
        return value

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Return names and values for ``repr``: addresses without the login that they may have."""
        for name, value in super().__repr_args__():
            yield name, without_login(value) if name == "mlflow_uri" else value

    def topic(self, name: str) -> str:
        """Full name of one of the topics in ``zielzeit.topics``."""
        return self.topic_prefix + name

    @property
    def lake_uri(self) -> str:
        """The lake as a URI, without a slash at the end."""
        return (self.lake if "://" in self.lake else Path(self.lake).expanduser().resolve().as_uri()).rstrip("/")

    def for_prediction(self) -> Self:
        """Settings of the main job: a bounded one ends with a checkpoint after its last row, and waits for it."""
        most = _BOUNDED_CHECKPOINT_SECONDS if self.bounded else math.inf
        return self.model_copy(update={"checkpoint_interval_seconds": min(self.checkpoint_interval_seconds, most)})

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
        """Name of the job on the cluster; a job on topics with another prefix has another name."""
        return f"{self.topic_prefix}zielzeit"

    @property
    def store_name(self) -> str:
        """Name of the storage job on the cluster."""
        return f"{self.job_name}-store"

    def as_environment(self) -> dict[str, str]:
        """Environment variables from which a child process reads the same settings. Secrets stand in clear."""
        values = self.model_dump()
        secret = {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}
        return {environment_variable(name): str(value) for name, value in (values | secret).items()}

    def kafka_client_config(self) -> dict[str, Any]:
        """Options of kafka-python's clients that reach the broker and authenticate there. Secrets stand in clear."""
        config: dict[str, Any] = {
            "bootstrap_servers": self.kafka_bootstrap.split(","),
            "security_protocol": self.kafka_security_protocol,
        }
        if self.kafka_security_protocol.startswith("SASL"):
            config |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_sasl_username,
                "sasl_plain_password": self.kafka_sasl_password.get_secret_value(),
            }
        return config


def environment_variable(setting: str) -> str:
    """Name of the environment variable of a setting."""
    return _ENVIRONMENT_PREFIX + setting.upper()


def flag(setting: str) -> str:
    """Name of the flag of a setting, on the commands that have it."""
    return "--" + setting.replace("_", "-")


def load(*, flags: Collection[str] = (), **overrides: object) -> Settings:
    """Settings from the environment, and over them the overrides that are not None.

    ``flags`` are the settings that were given as flags of a command: an error names those by their flag and all others
    by their environment variable. Raises UserError, one sentence per wrong setting.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        sentences = []
        for problem in error.errors():
            setting = ".".join(str(part) for part in problem["loc"])
            name = flag(setting) if setting in flags else environment_variable(setting)
            sentences.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
        raise UserError("; ".join(sentences)) from None

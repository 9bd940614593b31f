"""The programs of the local stack: how each is started, where it listens, how its health is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import msgspec
import requests

from deploy.local import added_programs, cores, flink, kafka, mlflow, zookeeper
from deploy.local.added_programs import AddedProgram
from deploy.local.addresses import Address, flink_address, kafka_address, mlflow_address, prometheus_address
from deploy.local.folders import Folders
from deploy.monitoring import prometheus
from zielzeit.settings import Settings

PARTS = ("kafka", "flink", "mlflow")
"""Parts that can be started and stopped on their own. Flink is ZooKeeper, a JobManager and its TaskManagers."""
STORE = "store"
"""A part that is started on demand: a TaskManager with a slot for the storage job."""
PROMETHEUS = "prometheus"
"""A part that is started on demand: a Prometheus that watches the others."""
ON_DEMAND = (STORE, PROMETHEUS)

_HEALTH_TIMEOUT_SECONDS = 2.0


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A process that the process runner keeps alive."""

    name: str
    part: str
    command: Sequence[str]
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)
    ports: Mapping[str, Address] = msgspec.field(default_factory=dict)
    """Addresses that it listens on, by what listens there."""
    url: str = ""
    """Address for people and clients."""
    healthy: Callable[[], bool]
    """Return True if the program works now; never raises."""
    memory_mb: int = 0
    """Memory that it may take, in MB; 0 for little."""
    priority: int
    """Programs start in ascending order and stop in descending order."""


def programs(settings: Settings) -> list[Program]:
    """All programs of the stack, added ones last. Raises UserError where an address is not on this machine."""
    rest = flink_address(settings)
    rpc = Address(rest.host, settings.flink_rpc_port)
    broker = kafka_address(settings)
    registry = mlflow_address(settings)
    watcher = prometheus_address(settings)
    metrics_ports = flink.metrics_ports(settings)
    return [
        Program(
            name="kafka",
            part="kafka",
            command=kafka.command(settings),
            ports={"Kafka": broker, "Kafka's controller": Address(broker.host, settings.kafka_controller_port)},
            url=str(broker),
            healthy=lambda: _broker_answers(settings),
            memory_mb=800,
            priority=10,
        ),
        Program(
            name="mlflow",
            part="mlflow",
            command=mlflow.command(settings),
            environment=mlflow.ENVIRONMENT | {"PYTHONPATH": ""},
            ports={"MLflow": registry},
            url=f"http://{registry}",
            healthy=lambda: _get(f"http://{registry}/health") is not None,
            memory_mb=600,
            priority=20,
        ),
        *([_zookeeper(settings)] if settings.high_availability else []),
        Program(
            name="jobmanager",
            part="flink",
            command=flink.job_manager_command(),
            environment=flink.worker_environment(settings, "jobmanager"),
            ports={"Flink's dashboard": rest, "Flink's JobManager": rpc},
            url=f"http://{rest}",
            healthy=lambda: _get(f"http://{rest}/overview") is not None,
            memory_mb=flink.JOB_MANAGER_MB,
            priority=30,
        ),
        *(
            _task_manager(
                f"taskmanager-{number}", "flink", settings, rest, port, cores.share(number - 1, settings.task_managers)
            )
            for number, port in enumerate(metrics_ports[1:-1], start=1)
        ),
        Program(
            name=PROMETHEUS,
            part=PROMETHEUS,
            command=prometheus.command(settings),
            ports={"Prometheus": watcher},
            url=f"http://{watcher}",
            healthy=lambda: _get(f"http://{watcher}/-/ready") is not None,
            priority=50,
        ),
        _task_manager("taskmanager-store", STORE, settings, rest, metrics_ports[-1]),
        *map(_added, added_programs.read(Folders.of(settings))),
    ]


def scarce_memory(starting: Sequence[Program], available_mb: float) -> str:
    """A sentence if these programs may take more memory than there is, else empty."""
    wanted = sum(program.memory_mb for program in starting)
    if wanted <= available_mb:
        return ""
    return (
        f"the programs may take {wanted / 1000:.1f} GB of memory, and {available_mb / 1000:.1f} GB are free: "
        "some may be killed. ZIELZEIT_TASK_MANAGERS=1 with ZIELZEIT_PARALLELISM=1 saves 1.7 GB, "
        "ZIELZEIT_HIGH_AVAILABILITY=false 0.1 GB"
    )


def prepare(settings: Settings, starting: Sequence[Program]) -> None:
    """Write the configuration of these programs, which do not run.

    Raises UserError if Java, jars or a shared library are missing.
    """
    parts, names = {program.part for program in starting}, {program.name for program in starting}
    preparing = {
        "kafka": kafka.prepare,
        "flink": flink.prepare,
        STORE: flink.prepare,
        "mlflow": mlflow.prepare,
        PROMETHEUS: prometheus.prepare,
    }
    for name, prepare_part in preparing.items():
        if name in parts:
            prepare_part(settings)
    if "zookeeper" in names:
        zookeeper.prepare(settings)
    elif "jobmanager" in names and not settings.high_availability:
        zookeeper.discard(settings)


def _zookeeper(settings: Settings) -> Program:
    return Program(
        name="zookeeper",
        part="flink",
        command=zookeeper.command(settings),
        ports={"ZooKeeper": zookeeper.address(settings)},
        url=str(zookeeper.address(settings)),
        healthy=lambda: zookeeper.answers(settings, _HEALTH_TIMEOUT_SECONDS),
        memory_mb=100,
        priority=25,
    )


def _task_manager(
    name: str, part: str, settings: Settings, rest: Address, metrics_port: int, kept_on: Sequence[int] = ()
) -> Program:
    """``kept_on``: cores. The operators of a TaskManager share one Python interpreter and hand it to each other all the
    time; from one core to another that takes several times as long.
    """
    return Program(
        name=name,
        part=part,
        command=cores.kept_on(kept_on, flink.task_manager_command(name, metrics_port)),
        environment=flink.worker_environment(settings, name),
        healthy=lambda: _is_registered(rest, name),
        memory_mb=flink.TASK_MANAGER_MB,
        priority=40,
    )


def _added(added: AddedProgram) -> Program:
    return Program(
        name=added.name,
        part=added.part,
        command=added.command,
        environment=added.environment,
        ports={added.name: added.address} if added.address else {},
        url=added.url,
        healthy=lambda: not added.health_url or _get(added.health_url) is not None,
        priority=added.priority,
    )


def _broker_answers(settings: Settings) -> bool:
    from zielzeit.kafka.admin import answers  # noqa: PLC0415 - a heavy library, wanted only here

    return answers(settings, _HEALTH_TIMEOUT_SECONDS)


def _is_registered(rest: Address, name: str) -> bool:
    answer = _get(f"http://{rest}/taskmanagers")
    return answer is not None and any(manager["id"] == name for manager in answer.json()["taskmanagers"])


@cache
def _session() -> requests.Session:
    """One for all: its connections are used again."""
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment is not for the programs of this machine
    return session


def _get(url: str) -> requests.Response | None:
    """Return the response, or None if the program does not answer or answers with an error."""
    try:
        response = _session().get(url, timeout=_HEALTH_TIMEOUT_SECONDS)
    except requests.RequestException:
        return None
    return response if response.ok else None

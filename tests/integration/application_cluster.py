"""A FlinkDeployment of the manifests as processes of this machine: application mode without Kubernetes.

The image's entry point starts JobManager and TaskManagers, with the manifest's options, arguments and environment.
Whatever differs from a pod stands in the tables below, with its reason.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import yaml

from deploy.cluster import jobs
from deploy.local import flink, scratch, zookeeper
from deploy.local.folders import Folders
from tests.deploy.container_checks import settings_of
from tests.deploy.images.test_images import environment as image_environment
from tests.deploy.kubernetes.rendering import Manifest, job_environment, of_kind
from tests.integration.prometheus import running
from tests.waiting import wait_until
from zielzeit.machine_code_cache import CACHE_VARIABLE, cache_folder
from zielzeit.settings import ROOT, Settings, environment_variable

OPTIONS_OF_THE_MACHINE = {
    "the processes share one network, pods do not": (
        *("jobmanager.rpc.address", "jobmanager.rpc.port", "jobmanager.bind-host"),
        *("rest.address", "rest.port", "rest.bind-address", "rest.bind-port"),
        *("taskmanager.host", "taskmanager.bind-host", "metrics.reporter.prometheus.port"),
    ),
    "there is no object store": (
        *("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "high-availability.storageDir"),
    ),
    "ZooKeeper stands in for ConfigMaps": (
        *("high-availability.type", "high-availability.cluster-id", "high-availability.zookeeper.quorum"),
        *("high-availability.jobmanager.port", "zookeeper.sasl.disable"),
    ),
}
"""Options whose values are the local stack's instead of the manifest's, by reason."""

SETTINGS_OF_THE_MACHINE = {
    "broker and registry are those of the tests, which ask for no password": (
        *("kafka_bootstrap", "kafka_security_protocol", "mlflow_uri"),
    ),
    "no other test has its topics, and their records are of a simulated clock": (
        *("topic_prefix", "group_id", "boards_ahead_minutes"),
    ),
    "paths and ports are those of this machine": (
        *("local_dir", "jars_dir", "flink_rest", "flink_rpc_port", "flink_metrics_port", "zookeeper_port"),
    ),
}
"""Settings whose values are the test's instead of the manifest's, by reason."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """The main job's FlinkDeployment of an overlay, and the environment that its JobManager reads."""

    spec: Manifest
    environment: dict[str, str]

    @classmethod
    def of(cls, overlay: str) -> Self:
        """As ``kubectl kustomize`` renders it; the image's environment is below the manifest's."""
        found = of_kind(overlay, "FlinkDeployment")["zielzeit"]
        return cls(spec=found["spec"], environment=image_environment("job") | job_environment(overlay, found))

    def upgraded(self, parallelism: int) -> Deployment:
        """The same with another parallelism: a change that the operator makes by way of a savepoint."""
        spec = deepcopy(self.spec)
        spec["job"]["parallelism"] = parallelism
        return Deployment(spec=spec, environment=self.environment | {"ZIELZEIT_PARALLELISM": str(parallelism)})

    def settings(self, machine: Settings) -> Settings:
        """The settings that the job reads, with those of the machine."""
        changed = [name for names in SETTINGS_OF_THE_MACHINE.values() for name in names]
        return settings_of(self.environment).model_copy(update={name: getattr(machine, name) for name in changed})


class ApplicationCluster:
    """Starts a deployment on this machine, as often as it is upgraded."""

    def __init__(self, machine: Settings, programs: Path) -> None:
        """``machine`` has the addresses; ``programs`` is the ``bin`` of an environment that has the project."""
        self._machine, self._programs = machine, programs
        self._folders = Folders.of(machine)

    @contextmanager
    def zookeeper(self) -> Iterator[None]:
        """Run ZooKeeper, which outlives the deployments."""
        zookeeper.prepare(self._machine)
        self._folders.logs.mkdir(parents=True, exist_ok=True)
        with running(zookeeper.command(self._machine), self._folders.logs / "zookeeper.log"):
            wait_until("ZooKeeper answers", lambda: zookeeper.answers(self._machine, 1.0))
            yield

    def make_topics(self, deployment: Deployment) -> None:
        """Run the init container, which makes the topics."""
        (container,) = deployment.spec["jobManager"]["podTemplate"]["spec"]["initContainers"]
        command = [str(self._programs / "zielzeit"), *container["args"]]
        subprocess.run(command, env=self._environment(deployment), check=True, capture_output=True)

    @contextmanager
    def running(self, deployment: Deployment, savepoint: str | None = None) -> Iterator[str]:
        """Run a deployment, from a savepoint if one is named, until the context ends; yields the job's id."""
        job, driver = uuid4().hex, deployment.spec["job"]
        flink.prepare(self._machine)
        configuration = self._folders.flink / "conf" / "config.yaml"
        configuration.write_text(yaml.safe_dump(self._options(deployment, savepoint), width=10_000))
        jar = flink.distribution() / "opt" / Path(urlsplit(driver["jarURI"]).path).name
        application = ["--jars", jar.as_uri(), "--job-classname", driver["entryClass"], "--job-id", job]
        with ExitStack() as stack:
            manager = stack.enter_context(self._process(deployment, "standalone-job", *application, *driver["args"]))
            for number in range(driver["parallelism"]):  # slots are one each
                port = f"-Dmetrics.reporter.prometheus.port={flink.metrics_ports(self._machine)[1 + number]}"
                stack.enter_context(self._process(deployment, "taskmanager", port, name=f"taskmanager-{number}"))
            settings = deployment.settings(self._machine)

            def runs() -> bool:
                assert manager.poll() is None, "the JobManager has ended"
                return jobs.state(settings, job) == "RUNNING"

            wait_until("the job runs", runs)
            yield job

    @contextmanager
    def _process(
        self, deployment: Deployment, role: str, *arguments: str, name: str = "jobmanager"
    ) -> Iterator[subprocess.Popen[bytes]]:
        temporary = self._folders.scratch / name
        temporary.mkdir(parents=True, exist_ok=True)
        environment = self._environment(deployment) | scratch.environment(temporary)
        entry_point = ["bash", str(ROOT / "deploy" / "images" / "docker-entrypoint.sh"), role]
        log = self._folders.logs / f"{name}.log"
        with running([*entry_point, *arguments], log, **environment) as process:
            try:
                yield process
            except AssertionError as error:
                tail = log.read_text(errors="replace")[-4000:]
                raise AssertionError(f"{error}\n{name}, exit code {process.poll()}: {tail}") from None

    def _options(self, deployment: Deployment, savepoint: str | None) -> dict[str, Any]:
        """Flink's configuration: the manifest's, what the operator adds to it, and what is the machine's."""
        spec, local = deployment.spec, flink.configuration(self._machine)
        python = str(self._programs / "python")
        operator = {
            "jobmanager.memory.process.size": spec["jobManager"]["resource"]["memory"],
            "taskmanager.memory.process.size": spec["taskManager"]["resource"]["memory"],
            "parallelism.default": spec["job"]["parallelism"],
            # It asks for the savepoint's path after the job's end.
            "execution.shutdown-on-application-finish": False,
            **({} if savepoint is None else {"execution.state-recovery.path": savepoint}),
        }
        machine = {name: local[name] for names in OPTIONS_OF_THE_MACHINE.values() for name in names}
        # The image's environment is /opt/zielzeit, its distribution of Flink /opt/flink.
        place = {"python.executable": python, "python.client.executable": python}
        place["user.artifacts.base-dir"] = str(self._folders.flink / "artifacts")
        return spec["flinkConfiguration"] | operator | machine | place

    def _environment(self, deployment: Deployment) -> dict[str, str]:
        """Environment of a process: the container's, with the machine's settings and folders."""
        settings = deployment.settings(self._machine)
        machine = {
            environment_variable(name): str(getattr(settings, name))
            for names in SETTINGS_OF_THE_MACHINE.values()
            for name in names
        }
        container = dict(deployment.environment)
        # The image's Python is the first in its path: the interpreter in a TaskManager finds its packages by that.
        places = {"/opt/zielzeit/bin": self._programs, "/opt/flink": flink.distribution(), "$PATH": os.environ["PATH"]}
        for there, here in places.items():
            container["PATH"] = container["PATH"].replace(there, str(here))
        # Compiled once, as pip does it for the image.
        del container["PYTHONDONTWRITEBYTECODE"]
        outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        place = flink.flink_environment(self._machine) | {"PYFLINK_PYTHON": str(self._programs / "python")}
        # What another process of the tests has compiled need not be compiled again.
        return outer | container | machine | place | {CACHE_VARIABLE: str(cache_folder())}

"""What tests share: a broker and a stack for each process of the tests, started by the first that needs it; order."""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from deploy.local.stack import Stack
from tests.installation import build_wheel
from zielzeit.settings import Settings, load

# The same examples in every run, so that a test passes or fails for its change alone. To try others:
# `./zielzeit test --hypothesis-profile explore`; the quick half tries fewer. No deadline: how long an example takes
# depends on the machine.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("quick", derandomize=True, deadline=None, max_examples=20)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
hypothesis.settings.load_profile("same")

# Below the ports that Linux gives to outgoing connections, so that a port that is free now stays free.
_PORTS = range(20_000, 30_000)

_RERUNS = 1
"""How often a test that uses servers is tried again after it failed. The summary lists it as RERUN, to be looked into:
a busy machine does not stop a release, what fails twice in a row does."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--days 7 --stations 12``: how much railway goes through the whole stack in tests/integration/test_week.py.

    ``--pictures docs/images``: renew the pictures of the pages.
    """
    parser.addoption("--days", type=float, default=0.25, help="simulated days through the whole stack")
    parser.addoption("--pictures", default="", help="folder for the pictures of dashboards, e.g. docs/images")
    parser.addoption("--stations", type=int, default=8, help="stations of that railway")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses the session's stack as ``integration``, and put the longest-running tests first."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "session_stack" in fixtures:
            item.add_marker(pytest.mark.integration)
        if item.get_closest_marker("integration"):
            item.add_marker(pytest.mark.flaky(reruns=_RERUNS))
    items.sort(key=_is_short)


def _is_short(item: pytest.Item) -> tuple[bool, bool, bool]:
    return (
        "stack" not in getattr(item, "fixturenames", ()),
        not item.get_closest_marker("slow"),
        not item.get_closest_marker("integration"),
    )


def free_ports(count: int) -> list[int]:
    """Return different ports of the loopback interface on which no program listens now."""
    return [port for port in random.sample(_PORTS, 20 * count) if _is_free(port)][:count]


def stack_settings(folder: Path, **overrides: object) -> Settings:
    """Return settings of a separate stack: free ports, ``folder`` as its ``local_dir``, the installed jars."""
    kafka, controller, rest, rpc, zookeeper, mlflow, metrics, s3, prometheus = free_ports(9)
    return load(
        **{
            "local_dir": folder,
            "kafka_bootstrap": f"127.0.0.1:{kafka}",
            "kafka_controller_port": controller,
            "flink_rest": f"http://127.0.0.1:{rest}",
            "flink_rpc_port": rpc,
            "zookeeper_port": zookeeper,
            "flink_metrics_port": metrics,
            "mlflow_uri": f"http://127.0.0.1:{mlflow}",
            "prometheus_url": f"http://127.0.0.1:{prometheus}",
            # A test that needs an S3-compatible server starts it there.
            "s3_endpoint": f"http://127.0.0.1:{s3}",
            "s3_access_key": "test",
            "s3_secret_key": "secret",
            # A fault of a job fails its test, instead of being tried again until the test's time is over.
            "restart_attempts": 20,
            **overrides,
        }
    )


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Remove the developer's ZIELZEIT_ variables: tests must not use, or depend on, the developer's own stack."""
    for name in [name for name in os.environ if name.startswith("ZIELZEIT_")]:
        del os.environ[name]


@pytest.fixture(autouse=True)
def _no_experiment_from_another_test() -> None:
    """Remove what ``mlflow.set_experiment`` leaves to programs started later: an experiment of another registry."""
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)


@pytest.fixture(scope="session")
def session_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack of this process of the tests; nothing of it is started yet."""
    # Every JVM compiles with the quick compiler alone: a test's job ends before better machine code would pay.
    os.environ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1"
    # pytest removes it with its other folders where the tests were killed.
    folder = tmp_path_factory.mktemp("stack")
    stack = Stack(stack_settings(folder))
    try:
        yield stack
    finally:
        stack.down()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(session_stack: Stack) -> Stack:
    """The session's stack with broker, cluster and registry running. A test that stops a part starts it again."""
    session_stack.up()
    return session_stack


@pytest.fixture(scope="session")
def broker(session_stack: Stack) -> str:
    """Bootstrap address of the session's broker. Each test uses its own topic prefix."""
    session_stack.up({"kafka"})
    return session_stack.settings.kafka_bootstrap


@pytest.fixture(scope="session")
def registry(session_stack: Stack) -> str:
    """Address of the session's MLflow server. Each test uses its own model name."""
    session_stack.up({"mlflow"})
    return session_stack.settings.mlflow_uri


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

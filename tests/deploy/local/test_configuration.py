"""What is written for the broker, the cluster and the process runner follows from the settings alone."""

from __future__ import annotations

import configparser
import shlex
import stat
import sys
from pathlib import Path

import pytest

from deploy.local import flink, kafka, mlflow, process_runner
from deploy.local.addresses import kafka_address, local_address
from deploy.local.folders import Folders
from deploy.local.programs import Program, prepare, programs, scarce_memory
from zielzeit.errors import UserError
from zielzeit.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        local_dir=tmp_path / "100 % local",
        jars_dir=_jars(tmp_path / "jars"),
        kafka_bootstrap="127.0.0.1:19092",
        kafka_controller_port=19093,
        flink_rest="http://localhost:18081",
        flink_rpc_port=16123,
        flink_metrics_port=19249,
        zookeeper_port=12181,
        mlflow_uri="http://127.0.0.1:15000",
        task_managers=3,
    )


def _jars(folder: Path) -> Path:
    for name in ("kafka", "flink", "zookeeper"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.jar").touch()
    return folder


def test_the_broker_listens_where_the_settings_say(settings: Settings) -> None:
    properties = dict(line.split("=", 1) for line in kafka.server_properties(settings).splitlines())
    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"


def test_the_cluster_listens_where_the_settings_say(settings: Settings) -> None:
    configuration = flink.configuration(settings)
    assert configuration["rest.port"] == 18081
    assert configuration["metrics.reporter.prometheus.port"] == 19249


def test_every_task_manager_answers_prometheus_at_a_port_of_its_own_that_it_keeps(settings: Settings) -> None:
    own = {
        program.name: next(part for part in program.command if "prometheus.port" in part).rpartition("=")[2]
        for program in programs(settings)
        if program.name.startswith("taskmanager")
    }
    assert own == {f"taskmanager-{name}": str(19249 + place) for place, name in enumerate((1, 2, 3, "store"), start=1)}


def test_an_s3_store_is_told_to_every_process_and_its_key_to_nobody_else(settings: Settings, tmp_path: Path) -> None:
    assert not [name for name in flink.configuration(settings) if name.startswith("s3.") and "key" in name]
    store = {"s3_endpoint": "http://127.0.0.1:9000", "s3_access_key": "me", "s3_secret_key": "not to be told"}
    settings = load(**settings.model_dump(include={"jars_dir"}), local_dir=tmp_path / "local", **store)
    for configuration in (flink.client_configuration(settings), flink.configuration(settings)):
        assert configuration["s3.endpoint"] == "http://127.0.0.1:9000"
        assert configuration["s3.secret-key"] == "not to be told"
        assert configuration["s3.path.style.access"] is True
    assert "not to be told" not in repr(settings)
    flink.prepare(settings)
    written = Folders.of(settings).flink / "conf" / "config.yaml"
    assert "not to be told" in written.read_text()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_job_runs_python_as_the_settings_say_wherever_it_is_sent(settings: Settings) -> None:
    here = flink.client_configuration(settings)
    assert here["python.execution-mode"] == "thread"
    assert here["python.executable"] == sys.executable
    elsewhere = settings.model_copy(update={"flink_rest": "https://flink.example", "flink_execution_mode": "process"})
    there = flink.client_configuration(elsewhere)
    assert (there["rest.address"], there["rest.port"], there["python.executable"]) == ("flink.example", 443, "python")
    assert there["python.execution-mode"] == "process"


@pytest.mark.parametrize(("backend", "incremental"), [("rocksdb", True), ("hashmap", False)])
def test_a_job_keeps_its_state_where_the_settings_say_on_any_cluster(
    settings: Settings, backend: str, *, incremental: bool
) -> None:
    configuration = flink.client_configuration(settings.model_copy(update={"state_backend": backend}))
    assert configuration["state.backend.type"] == backend
    assert configuration["execution.checkpointing.incremental"] is incremental


def test_rocksdb_can_name_its_log_by_the_whole_path_of_a_subtask_that_takes_over_others(settings: Settings) -> None:
    somewhere = settings.model_copy(update={"local_dir": Path("/home/somebody/projects/zielzeit/.local")})
    folder = flink.configuration(somewhere)["state.backend.rocksdb.localdir"]
    subtask = f"job_{'0' * 32}_op_EmbeddedPythonKeyedProcessOperator_{'0' * 32}__10_10__uuid_{'0' * 36}"
    assert len(f"{folder}/{subtask}/{'0' * 36}_LOG") <= 255


def test_a_job_is_restarted_without_limit_unless_the_settings_name_one(settings: Settings) -> None:
    limit = "restart-strategy.exponential-delay.attempts-before-reset-backoff"
    assert flink.client_configuration(settings)["restart-strategy.type"] == "exponential-delay"
    assert limit not in flink.client_configuration(settings)
    assert flink.client_configuration(settings.model_copy(update={"restart_attempts": 3}))[limit] == 3


def test_a_cluster_without_zookeeper_has_no_trace_of_it(settings: Settings) -> None:
    plain = settings.model_copy(update={"high_availability": False})
    assert "zookeeper" not in [program.name for program in programs(plain)]
    assert not [name for name in flink.configuration(plain) if "zookeeper" in name or "high-availability" in name]


def test_the_job_manager_listens_and_asks_where_the_settings_say(settings: Settings) -> None:
    configuration = flink.configuration(settings)
    assert configuration["high-availability.zookeeper.quorum"] == "localhost:12181"
    assert configuration["high-availability.jobmanager.port"] == configuration["jobmanager.rpc.port"] == 16123


def test_a_client_asks_the_rest_address_and_no_zookeeper(settings: Settings) -> None:
    assert not [name for name in flink.client_configuration(settings) if name.startswith("high-availability")]


@pytest.mark.parametrize("name", ["a b", "Müller", "50%"])
def test_a_path_that_flink_misreads_is_refused(settings: Settings, tmp_path: Path, name: str) -> None:
    odd = settings.model_copy(update={"local_dir": tmp_path / name})
    with pytest.raises(UserError, match="ZIELZEIT_LOCAL_DIR"):
        flink.prepare(odd)
    with pytest.raises(UserError, match="ZIELZEIT_LOCAL_DIR"):
        flink.flink_run(odd, [])
    assert not (tmp_path / name).exists()


def test_jobs_of_a_time_with_zookeeper_do_not_come_back_after_a_time_without(
    settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"local_dir": tmp_path / "local"})
    listed = {program.name: program for program in programs(settings)}
    prepare(settings, [listed["zookeeper"]])
    folder = Folders.of(settings).flink / "high-availability"
    kept = folder / "storage" / "graph"
    kept.parent.mkdir()
    kept.touch()
    plain = settings.model_copy(update={"high_availability": False})
    prepare(plain, [listed["taskmanager-1"]])
    assert kept.exists()  # the JobManager, which may use it, runs
    prepare(plain, [listed["jobmanager"], listed["taskmanager-1"]])
    assert not folder.exists()


def test_task_managers_never_see_the_projects_folder(settings: Settings) -> None:
    environment = flink.worker_environment(settings, "taskmanager-1")
    assert environment["PYTHONPATH"] == ""
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"


def test_every_program_has_ports_of_its_own(settings: Settings) -> None:
    listed = programs(settings)
    ports = [address for program in listed for address in program.ports.values()]
    assert len(ports) == len(set(ports)) == 7
    assert [program.name for program in listed if program.part == "flink"] == [
        "zookeeper",
        "jobmanager",
        *(f"taskmanager-{number}" for number in (1, 2, 3)),
    ]


def test_a_machine_with_too_little_memory_is_told_before_the_start(settings: Settings) -> None:
    listed = programs(settings)
    wanted = sum(program.memory_mb for program in listed)
    configuration = flink.configuration(settings)
    assert configuration["taskmanager.memory.process.size"] == f"{listed[-1].memory_mb}m"
    assert scarce_memory(listed, wanted) == ""
    assert "take 9.4 GB of memory, and 2.0 GB are free" in scarce_memory(listed, 2000)
    assert scarce_memory([], 0) == ""


def test_the_runner_reads_commands_and_environment_as_they_were_meant(settings: Settings) -> None:
    odd = Program(
        name="odd",
        part="kafka",
        command=["a b", "100 %", '{"start": "07:00", "seed": 1}'],
        environment={"X": "y %z, w"},
        healthy=bool,
        priority=1,
    )
    text = process_runner.configuration(Folders.of(settings), [odd])
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    section = parser["program:odd"]
    command = shlex.split(section["command"].replace("%%", "%"))
    assert command[-3:] == ["a b", "100 %", '{"start": "07:00", "seed": 1}']
    assert section["environment"].startswith('X="y %%z, w",TMPDIR="')
    assert section["autorestart"] == "true"


def test_the_socket_moves_where_the_folder_is_too_deep_for_one(tmp_path: Path) -> None:
    assert Folders(Path("/a")).socket == Path("/a/stack/supervisor.sock")
    deep = Folders(tmp_path / ("x" * 120)).socket
    assert len(str(deep)) < 104
    assert deep != Folders(tmp_path / ("y" * 120)).socket


@pytest.mark.parametrize("value", ["kafka.example:9092", "127.0.0.1", "127.0.0.1:9092,127.0.0.1:9192", ""])
def test_the_local_stack_refuses_an_address_that_is_not_here(value: str) -> None:
    with pytest.raises(UserError, match="ZIELZEIT_KAFKA_BOOTSTRAP"):
        kafka_address(load(kafka_bootstrap=value))


def test_an_address_is_read_from_a_url_or_a_bare_pair() -> None:
    settings = load(flink_rest="http://localhost:8081", kafka_bootstrap="127.0.0.1:9092")
    assert str(local_address(settings, "flink_rest")) == "localhost:8081"
    assert str(local_address(settings, "kafka_bootstrap")) == "127.0.0.1:9092"


def test_missing_jars_are_said_with_the_command_that_fetches_them(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ZIELZEIT_JARS_DIR"):
        kafka.prepare(settings.model_copy(update={"jars_dir": tmp_path / "none"}))


def test_the_registry_answers_only_to_names_of_this_machine(settings: Settings) -> None:
    command = mlflow.command(settings)
    assert command[command.index("--allowed-hosts") + 1] == "127.0.0.1:15000,localhost:15000"


def test_a_cluster_id_is_never_taken_for_an_option_of_the_format_tool() -> None:
    assert not any(kafka.cluster_id().startswith("-") for _ in range(500))

"""The compose file fits the specification's schema, and each port, option, command and path in it is the code's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from deploy.cluster.job_description import PREDICT, STORE
from deploy.local import kafka, mlflow
from deploy.monitoring import prometheus
from deploy.schedules.routines import ROUTINES
from tests.deploy.container_checks import RELEASED, assert_options_of_the_stack, parsed, settings_of
from tests.deploy.images.test_images import STAGES, environment, instruction
from zielzeit.settings import ROOT, load

FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
FLINK: dict[str, Any] = yaml.safe_load((FOLDER / "flink.yaml").read_text())


def written(name: str) -> dict[str, Any]:
    """One of the configuration files."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def dynamic(service: str) -> dict[str, str]:
    """Options of Flink that a service's command sets."""
    return dict(word[2:].split("=", 1) for word in SERVICES[service]["command"] if word.startswith("-D"))


def test_it_fits_the_specifications_schema(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(FILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    mistaken = tmp_path / "compose.yaml"
    mistaken.write_text(FILE.read_text().replace("restart:", "restarts:", 1))
    assert subprocess.run([*check, str(mistaken)], capture_output=True, check=False).returncode == 1


def test_services_name_services_files_and_volumes_that_exist() -> None:
    for name, service in SERVICES.items():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys(), name
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"], name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (FOLDER / source).is_dir(), volume
    for config in COMPOSE["configs"].values():
        assert "content" in config or (FOLDER / config["file"]).is_file(), config
    for host in re.findall(r"(?:@|(?<!s3:)//)([a-z][a-z-]+)(?=[:/\"])", FILE.read_text()):
        assert host in SERVICES or host == "mlflow", host


def test_variables_of_the_environment_are_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text())) - {"DBF_IMAGE"}
    assert asked == {line.split("=")[0] for line in (FOLDER / "example.env").read_text().splitlines() if "=" in line}


def test_images_are_pinned_and_the_projects_are_built_here() -> None:
    dockerfile = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
    for name, service in SERVICES.items():
        image = service["image"]
        if image.startswith("zielzeit/"):
            target = image.removeprefix("zielzeit/").removesuffix(f":{RELEASED}")
            assert re.search(rf"^FROM \w+ AS {target}$", dockerfile, re.MULTILINE), image
            built = [
                each["build"]["target"] for each in SERVICES.values() if each["image"] == image and "build" in each
            ]
            assert built == [target], image
        elif name != "dbf":
            assert re.search(r":v?\d[\w.-]*$", image), image


def test_commands_and_settings_are_those_of_zielzeit() -> None:
    commands = []
    for name, service in SERVICES.items():
        given = service.get("environment", {})
        settings_of({key: str(value) for key, value in given.items() if key.startswith("ZIELZEIT_")})
        if service["image"].startswith(("zielzeit/commands", "zielzeit/poller")) and "command" in service:
            commands.append(parsed(service["command"]))
        assert name == "dbf" or "${" not in service["image"]
    assert sorted(commands) == ["poll", "topics"]


@pytest.mark.parametrize(("service", "job"), [("predict-jobmanager", PREDICT), ("store-jobmanager", STORE)])
def test_a_job_runs_as_the_local_stack_runs_it(service: str, job: Any) -> None:
    main = settings_of(SERVICES["predict-jobmanager"]["environment"])
    settings = job.settings(main)
    own = settings_of(SERVICES[service]["environment"])
    assert (own.group_id, own.parallelism) == (settings.group_id, settings.parallelism)
    options = FLINK | {name: re.sub(r"ms$", " ms", value) for name, value in dynamic(service).items()}
    assert_options_of_the_stack(options, settings)
    command = SERVICES[service]["command"]
    assert command[-2:] == ["-pym", job.module]
    workers = SERVICES[service.replace("jobmanager", "taskmanager")]
    assert workers.get("deploy", {}).get("replicas", 1) == settings.parallelism


def test_the_session_cluster_has_a_slot_for_each_subtask_of_both_jobs() -> None:
    main = settings_of(SERVICES["jobmanager"]["environment"])
    assert SERVICES["taskmanager"]["deploy"]["replicas"] == main.parallelism + main.for_storage().parallelism
    assert urlsplit(main.flink_rest).hostname == "jobmanager"
    assert FLINK["taskmanager.numberOfTaskSlots"] == "1"


@pytest.mark.parametrize("cluster", ["predict-", "store-", ""])
def test_the_processes_of_a_cluster_find_each_other(cluster: str) -> None:
    shared = ("jobmanager.rpc.address", "high-availability.cluster-id")
    manager, worker = (dynamic(f"{cluster}{role}") for role in ("jobmanager", "taskmanager"))
    assert {name: manager[name] for name in shared} == {name: worker[name] for name in shared}
    assert manager["jobmanager.rpc.address"] == f"{cluster}jobmanager"
    assert FLINK["high-availability.zookeeper.quorum"] == "zookeeper:2181"
    assert FLINK["s3.endpoint"] == SERVICES[f"{cluster}jobmanager"]["environment"]["ZIELZEIT_S3_ENDPOINT"]


def test_kafka_is_set_as_the_local_broker() -> None:
    local = dict(line.split("=", 1) for line in kafka.server_properties(load()).splitlines())
    of_the_place = {"listeners", "advertised.listeners", "controller.quorum.bootstrap.servers", "log.dirs"}
    found = {name: str(value) for name, value in SERVICES["kafka"]["environment"].items()}
    for name in local.keys() - of_the_place:
        assert found["KAFKA_" + name.upper().replace(".", "_")] == local[name], name
    pom = (ROOT / "pom.xml").read_text()
    for service, version in (("kafka", "kafka"), ("zookeeper", "zookeeper")):
        assert SERVICES[service]["image"].rpartition(":")[2] in re.findall(rf"<{version}.version>(.+)</", pom)


def test_the_registry_answers_where_the_settings_say() -> None:
    settings = settings_of(SERVICES["predict-jobmanager"]["environment"])
    address = urlsplit(settings.mlflow_uri)
    command = SERVICES["mlflow"]["command"]
    assert address.hostname == "mlflow"
    assert f"--port={address.port}" in command
    (hosts,) = (word.removeprefix("--allowed-hosts=") for word in command if word.startswith("--allowed-hosts="))
    assert f"mlflow:{address.port}" in hosts.split(",")
    assert {word.split("=")[0] for word in command if word.startswith("--")} <= {*mlflow.command(settings_local())}


def settings_local() -> Any:
    """Settings of a registry on this machine."""
    return load(mlflow_uri="http://127.0.0.1:5000")


def test_every_url_of_postgresql_names_the_driver_that_its_image_has() -> None:
    # Without a name it is the default of SQLAlchemy, which changes between its versions.
    drivers = set(re.findall(r"postgresql(?:\+(\w+))?://", FILE.read_text()))
    for image in ("registry", "airflow"):
        packages = (ROOT / "deploy" / "images" / f"{image}.in").read_text()
        assert all(driver and f"\n{driver}-binary==" in packages for driver in drivers), drivers


def test_airflow_has_the_projects_dags_and_a_database_of_its_own_beside_mlflows() -> None:
    owner = SERVICES["postgres"]["environment"]
    place = f"../airflow/dags:{environment('airflow')['AIRFLOW__CORE__DAGS_FOLDER']}:ro"
    for name, service in SERVICES.items():
        if not service["image"].startswith("zielzeit/airflow:"):
            continue
        assert service["profiles"] == ["airflow"]
        assert place in service["volumes"], name
        given = service["environment"]
        database = urlsplit(given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
        assert (database.hostname, database.username) == ("postgres", owner["POSTGRES_USER"])
        own = database.path.removeprefix("/")
        assert own != owner["POSTGRES_DB"]
        assert f"createdb {own}" in SERVICES["airflow-database"]["command"][-1]
        api = urlsplit(given["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"])
        assert SERVICES[api.hostname or ""]["command"] == ["api-server"]
        assert str(api.port) == instruction("airflow", "EXPOSE")
        assert given["ZIELZEIT_LAKE"] == SERVICES["predict-jobmanager"]["environment"]["ZIELZEIT_LAKE"]


def test_a_dags_tasks_find_the_command_the_lake_and_the_thresholds_where_they_run() -> None:
    # The file of DAGs takes the third folder above its own for the checkout.
    checkout = Path(environment("airflow")["AIRFLOW__CORE__DAGS_FOLDER"]).parents[2]
    (script,) = (ROOT / "deploy" / "airflow" / "dags").glob("*.py")
    assert "parents[3]" in script.read_text()
    assert f"ln -s /opt/zielzeit/bin/zielzeit {checkout}/zielzeit" in STAGES["airflow"]
    assert f"ln -s {environment('airflow')['ZIELZEIT_LOCAL_DIR']} {checkout}/.local" in STAGES["airflow"]
    for routine in ROUTINES:
        if "thresholds" in routine.parameters:
            file = routine.parameters["thresholds"].default
            assert f"COPY {file} {checkout}/{file}\n" in STAGES["airflow"]


def test_prometheus_and_grafana_have_the_projects_jobs_rules_and_dashboards() -> None:
    found = written("prometheus.yaml")
    local = prometheus.configuration(load(poll_metrics_port=1))
    assert [job["job_name"] for job in found["scrape_configs"]] == [job["job_name"] for job in local["scrape_configs"]]
    assert found["global"] == local["global"]
    flink, store, poller = found["scrape_configs"]
    for job in (flink, store):
        (where,) = job["dns_sd_configs"]
        assert set(where["names"]) <= SERVICES.keys()
        assert str(where["port"]) == FLINK["metrics.reporter.prometheus.port"]
    dockerfile = (ROOT / "deploy" / "images" / "Dockerfile").read_text()
    (port,) = re.findall(r"ZIELZEIT_POLL_METRICS_PORT=(\d+)", dockerfile)
    assert poller["static_configs"] == [{"targets": [f"poller:{port}"]}]
    rules = {config["target"] for config in SERVICES["prometheus"]["configs"]}
    assert set(found["rule_files"]) <= rules
    assert COMPOSE["configs"]["rules"]["file"] == "../monitoring/rules.yaml"
    folder = written("grafana/dashboards/zielzeit.yaml")["providers"][0]["options"]["path"]
    assert f"../monitoring/dashboards:{folder}:ro" in SERVICES["grafana"]["volumes"]
    (source,) = written("grafana/datasources/prometheus.yaml")["datasources"]
    assert urlsplit(source["url"]).hostname in SERVICES
    receivers = written("alertmanager.yaml")
    assert receivers["route"]["receiver"] in [one["name"] for one in receivers["receivers"]]

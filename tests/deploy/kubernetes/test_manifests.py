"""The manifests fit Kubernetes' schemas, and each name, port, option and command in them is the code's."""

from __future__ import annotations

import re
from importlib.metadata import version
from urllib.parse import urlsplit

import kubernetes_validate
import pytest

from deploy.cluster.job_description import PREDICT, STORE, JobDescription
from deploy.local import flink
from deploy.monitoring import prometheus
from tests.deploy.container_checks import RELEASED, assert_options_of_the_stack, parsed, settings_of
from tests.deploy.kubernetes.rendering import (
    MAIN_CONTAINER,
    OVERLAYS,
    containers,
    environment,
    job_environment,
    of_kind,
    rendered,
)
from zielzeit.settings import Settings, load

KUBERNETES = "1.32"
JOBS = {"zielzeit": PREDICT, "zielzeit-store": STORE}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_kubernetes_schemas(overlay: str) -> None:
    own = [each for each in rendered(overlay) if "." not in each["apiVersion"] or ".k8s.io" in each["apiVersion"]]
    assert {each["kind"] for each in rendered(overlay) if each not in own} == {"FlinkDeployment", "PodMonitor"}
    for each in own:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    assert {each["kind"] for each in own} >= {"Deployment", "CronJob", "NetworkPolicy", "Role", "ConfigMap"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_object_that_does_not_fit_is_found(overlay: str) -> None:
    poller = of_kind(overlay, "Deployment")["zielzeit-poller"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**poller, "spec": {**poller["spec"], "replica": 1}}, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", JOBS)
def test_a_job_runs_as_the_local_stack_runs_it(overlay: str, name: str) -> None:
    deployment, job = of_kind(overlay, "FlinkDeployment")[name], JOBS[name]
    settings = _job_settings(overlay, job)
    written = deployment["spec"]["flinkConfiguration"]
    assert_options_of_the_stack(written, settings)
    assert written["execution.checkpointing.savepoint-dir"].startswith("s3://")
    assert deployment["spec"]["job"]["upgradeMode"] == "last-state"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_storage_job_has_the_settings_of_the_storage_job(overlay: str) -> None:
    deployments = of_kind(overlay, "FlinkDeployment")
    main, store = (settings_of(job_environment(overlay, deployments[name])) for name in JOBS)
    derived = main.for_storage()
    for field in ("group_id", "parallelism", "start_from", "topic_prefix", "lake", "kafka_bootstrap"):
        assert getattr(store, field) == getattr(derived, field), field


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", JOBS)
def test_the_operator_starts_the_projects_job_with_its_parallelism(overlay: str, name: str) -> None:
    spec = of_kind(overlay, "FlinkDeployment")[name]["spec"]
    job, installed = spec["job"], version("apache-flink")
    assert job["args"] == ["-pym", JOBS[name].module]
    assert job["jarURI"] == f"local:///opt/flink/opt/flink-python-{installed}.jar"
    assert (flink.distribution() / "opt" / f"flink-python-{installed}.jar").is_file()
    assert spec["flinkVersion"] == "v" + "_".join(installed.split(".")[:2])
    settings = settings_of(job_environment(overlay, of_kind(overlay, "FlinkDeployment")[name]))
    assert job["parallelism"] == settings.parallelism
    options = spec["flinkConfiguration"]
    most = int(options.get("job.autoscaler.vertex.max-parallelism", job["parallelism"]))
    assert job["parallelism"] <= most <= int(options["pipeline.max-parallelism"])
    assert most <= settings.topic_partitions, "more readers than partitions"
    assert options["s3.endpoint"] == settings.s3_endpoint


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_command_of_a_container_is_a_command_of_zielzeit(overlay: str) -> None:
    commands = []
    for each in rendered(overlay):
        for container in containers(each):
            if container["name"] != MAIN_CONTAINER:
                settings_of(environment(overlay, container))
                commands.append(parsed(container["args"]))
    assert sorted(set(commands)) == ["fetch", "poll", "retrain", "topics"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_are_those_that_programs_listen_on(overlay: str) -> None:
    poller = next(containers(of_kind(overlay, "Deployment")["zielzeit-poller"]))
    values = environment(overlay, poller)
    settings = settings_of(values)
    listening = {settings.poll_metrics_port}
    assert [port["containerPort"] for port in poller["ports"]] == [settings.poll_metrics_port]
    for deployment in of_kind(overlay, "FlinkDeployment").values():
        port = int(deployment["spec"]["flinkConfiguration"]["metrics.reporter.prometheus.port"])
        (main,) = deployment["spec"]["podTemplate"]["spec"]["containers"]
        assert main["name"] == MAIN_CONTAINER
        assert [each["containerPort"] for each in main["ports"]] == [port]
        listening.add(port)
    policies = of_kind(overlay, "NetworkPolicy")
    open_to_prometheus = policies["zielzeit-metrics"]["spec"]["ingress"][0]["ports"]
    assert {port["port"] for port in open_to_prometheus} == listening
    reachable = {
        port["port"] for rule in policies["zielzeit-egress"]["spec"]["egress"] for port in rule.get("ports", [])
    }
    wanted = {urlsplit(url).port for url in (settings.mlflow_uri, settings.s3_endpoint, values["DBF_URL"])}
    assert reachable >= {*wanted, int(settings.kafka_bootstrap.rpartition(":")[2])}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_prometheus_finds_the_pods_under_the_names_that_the_alerts_know(overlay: str) -> None:
    jobs = {each["job_name"] for each in prometheus.configuration(load(poll_metrics_port=1))["scrape_configs"]}
    monitors = of_kind(overlay, "PodMonitor")
    found = set()
    for monitor in monitors.values():
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        assert endpoint["port"] == "metrics"
        (relabeling,) = endpoint["relabelings"]
        assert relabeling["targetLabel"] == "job"
        found.add(relabeling["replacement"])
        labels = monitor["spec"]["selector"]["matchLabels"]
        # Flink labels its pods with the deployment's name; the poller's pods have a label of their own.
        names = [*of_kind(overlay, "FlinkDeployment"), "zielzeit-poller"]
        assert labels.get("app", labels.get("app.kubernetes.io/name")) in names
    assert found == jobs


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_referred_to_and_never_written(overlay: str) -> None:
    secret = re.compile(r"password|secret[-_.]key|access[-_.]key", re.IGNORECASE)
    for each in rendered(overlay):
        assert each["kind"] != "Secret"
        for name in [*each.get("data", {}), *each.get("spec", {}).get("flinkConfiguration", {})]:
            assert not secret.search(name), name
        for container in containers(each):
            assert not [variable for variable in container.get("env", []) if secret.search(variable["name"])]


def test_staging_and_production_share_no_topic_group_model_or_folder() -> None:
    mine = []
    for overlay in OVERLAYS:
        deployment = of_kind(overlay, "FlinkDeployment")["zielzeit"]
        settings = settings_of(job_environment(overlay, deployment))
        options = deployment["spec"]["flinkConfiguration"]
        folders = {value for value in options.values() if value.startswith("s3://")}
        mine.append({settings.topic_prefix, settings.group_id, settings.model_name, settings.lake, *folders})
    assert not mine[0] & mine[1]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_are_the_projects_and_of_its_version(overlay: str) -> None:
    images = [
        container["image"] for each in rendered(overlay) for container in containers(each) if "image" in container
    ]
    images += [each["spec"]["image"] for each in of_kind(overlay, "FlinkDeployment").values()]
    assert {*images} == {f"zielzeit/{target}:{RELEASED}" for target in ("job", "poller", "commands")}


def _job_settings(overlay: str, job: JobDescription) -> Settings:
    """Settings of a job where it is submitted with the main job's environment."""
    main = settings_of(job_environment(overlay, of_kind(overlay, "FlinkDeployment")["zielzeit"]))
    return job.settings(main)

"""No model, no stop: the champion, else the copy that served last, else persistence; a bad version is refused."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from pathlib import Path

import mlflow
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.model.model_folders import write_model
from tests.serving import serving
from tests.waiting import wait_until
from zielzeit.features.network_state import FEATURES
from zielzeit.metrics.recorder import Recorder
from zielzeit.model.champion import Champion
from zielzeit.model.local_copies import LocalCopies, ModelIdentity, folder_name
from zielzeit.model.predict import ModelFault
from zielzeit.model.registry_address import Registry

NOBODY = "http://127.0.0.1:1"
"""A registry that refuses at once."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")


def address(folder: Path, uri: str = NOBODY, refresh_seconds: float = 3600, name: str = "delay") -> Registry:
    """The registry for a job that is submitted now."""
    return Registry(
        uri=uri,
        name=name,
        alias="champion",
        folder=str(folder),
        refresh_seconds=refresh_seconds,
        submitted_at=time.time(),
    )


def copy_of(folder: Path, version: int, growth: float, **more: object) -> Path:
    """A local copy as an earlier run of the job left it: the one that served last."""
    copies = LocalCopies(folder / folder_name(NOBODY, "delay", "champion"))
    identity = ModelIdentity(registry=NOBODY, name="delay", version=str(version), run_id=f"run-{version}", created=1)
    copy = copies.add(identity, lambda files: write_model(files, growth, **more))  # type: ignore[arg-type]
    copies.note_served(identity)
    return copy


def served_delay(champion: Champion, delay: float = 10.0) -> float:
    row = [0.0] * len(FEATURES)
    row[FEATURES.index("delay")] = delay
    (score,) = champion.current().model.predict([row])
    return score.predicted_delay


def test_without_registry_and_copy_persistence_serves(tmp_path: Path) -> None:
    champion = Champion(address(tmp_path))
    assert champion.current().version == "baseline"
    assert served_delay(champion) == 10.0
    champion.close()


def test_without_registry_the_copy_that_served_last_serves(tmp_path: Path) -> None:
    copy_of(tmp_path, 10, 2.0)
    copy_of(tmp_path, 9, 1.0)
    champion = Champion(address(tmp_path))
    assert (champion.current().version, champion.current().run_id) == ("9", "run-9")
    assert math.isclose(served_delay(champion), 11.0)
    champion.close()


def test_a_copy_trained_on_other_features_is_passed_over(tmp_path: Path) -> None:
    copy_of(tmp_path, 1, 1.0)
    copy_of(tmp_path, 2, 2.0, features=("something", "else"))
    champion = Champion(address(tmp_path))
    assert champion.current().version == "1"
    champion.close()


def test_a_copy_that_was_changed_is_passed_over(tmp_path: Path) -> None:
    copy_of(tmp_path, 1, 1.0)
    write_model(copy_of(tmp_path, 2, 2.0), 3.0)
    champion = Champion(address(tmp_path))
    assert champion.current().version == "1"
    champion.close()


def test_copies_of_another_registry_do_not_serve(tmp_path: Path) -> None:
    copy_of(tmp_path, 1, 1.0)
    champion = Champion(address(tmp_path, "http://127.0.0.1:2"))
    assert champion.current().version == "baseline"
    champion.close()


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new registry's SQLite file: MLflow takes two seconds to make its tables."""
    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def mlflow_store(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real registry of MLflow in a SQLite file; returns its address."""
    uri = f"sqlite:///{shutil.copy(empty_store, tmp_path)}"
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.create_experiment("tests", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("tests")
    return uri


def register(model: Path, name: str = "delay") -> tuple[str, str]:
    """Register a folder as the next version, and make it champion; returns version and run id."""
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
        client = mlflow.MlflowClient()
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        version = client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id)
        client.set_registered_model_alias(name, "champion", version.version)
    return str(version.version), run.info.run_id


def wait_for(champion: Champion, version: str) -> None:
    deadline = time.monotonic() + 30
    while champion.current().version != version:
        assert time.monotonic() < deadline, f"still version {champion.current().version}"
        time.sleep(0.05)


def test_the_champion_serves_and_a_new_one_takes_over_while_running(tmp_path: Path, mlflow_store: str) -> None:
    register(write_model(tmp_path / "one", 1.0))
    champion = Champion(address(tmp_path / "copies", mlflow_store, refresh_seconds=0.1))
    assert champion.current().version == "1"
    assert math.isclose(served_delay(champion), 11.0)
    register(write_model(tmp_path / "two", 2.0))
    wait_for(champion, "2")
    assert math.isclose(served_delay(champion), 12.0)
    champion.close()


def test_a_new_champion_that_fails_its_check_is_refused_and_the_old_one_stays(
    tmp_path: Path, mlflow_store: str
) -> None:
    register(write_model(tmp_path / "one", 1.0))
    recorder = Recorder()
    champion = Champion(address(tmp_path / "copies", mlflow_store, refresh_seconds=0.1), recorder)
    (registered,) = recorder.take().values()
    assert abs(registered - time.time()) < 3600
    register(write_model(tmp_path / "two", 2.0, features=("something", "else")))
    deadline = time.monotonic() + 20
    while not champion._refused:
        assert champion.current().version == "1"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert champion.current().version == "1"
    register(write_model(tmp_path / "three", 3.0))
    wait_for(champion, "3")
    champion.close()
    changes = {count.name: change for count, change in recorder.take().items()}
    assert changes["refused_versions_total"] == 1
    assert 0 <= changes["model_registered_timestamp_seconds"] < 3600, "that of the newer version"


def test_after_a_rollback_and_a_restart_without_registry_the_older_version_serves(
    tmp_path: Path, mlflow_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(write_model(tmp_path / "one", 1.0))
    champion = Champion(address(tmp_path / "copies", mlflow_store, refresh_seconds=0.1))
    register(write_model(tmp_path / "two", 2.0))
    wait_for(champion, "2")
    mlflow.MlflowClient().set_registered_model_alias("delay", "champion", "1")
    wait_for(champion, "1")
    champion.close()

    def away(*_: object) -> None:
        raise ConnectionError("no registry")

    monkeypatch.setattr(mlflow, "MlflowClient", away)
    restarted = Champion(address(tmp_path / "copies", mlflow_store))
    assert restarted.current().version == "1"
    assert math.isclose(served_delay(restarted), 11.0)
    restarted.close()


@pytest.fixture
def slow_registry(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Makes the registry wait for this event before it answers."""
    may_answer, client = threading.Event(), mlflow.MlflowClient

    def slow(*args: str) -> mlflow.MlflowClient:
        assert may_answer.wait(30)
        return client(*args)

    monkeypatch.setattr(mlflow, "MlflowClient", slow)
    return may_answer


def test_a_restarted_job_goes_on_with_its_model_while_the_registry_is_asked(
    tmp_path: Path, mlflow_store: str, slow_registry: threading.Event
) -> None:
    registry = address(tmp_path / "copies", mlflow_store)
    slow_registry.set()
    register(write_model(tmp_path / "one", 1.0))
    Champion(registry).close()
    register(write_model(tmp_path / "two", 2.0))
    slow_registry.clear()
    restarted = Champion(registry)
    assert restarted.current().version == "1"
    slow_registry.set()
    wait_for(restarted, "2")
    restarted.close()


def test_a_job_that_is_submitted_waits_for_the_registry(tmp_path: Path, mlflow_store: str) -> None:
    register(write_model(tmp_path / "one", 1.0))
    Champion(address(tmp_path / "copies", mlflow_store)).close()
    register(write_model(tmp_path / "two", 2.0))
    submitted = Champion(address(tmp_path / "copies", mlflow_store))
    assert submitted.current().version == "2"
    submitted.close()


def test_a_closed_champion_keeps_its_model_and_looks_no_more(tmp_path: Path, mlflow_store: str) -> None:
    registry = address(tmp_path / "copies", mlflow_store, refresh_seconds=0)
    register(write_model(tmp_path / "one", 1.0))
    for champion in (Champion(registry), Champion(registry)):  # the second one as after a restart
        champion.close()
        assert champion.current().version == "1"


def test_subtasks_of_one_process_load_a_model_once(tmp_path: Path) -> None:
    copy_of(tmp_path, 1, 1.0)
    one, other = Champion(address(tmp_path)), Champion(address(tmp_path))
    assert one.current() is other.current()
    one.close()
    other.close()


def test_a_registry_that_begins_anew_serves_its_new_version_1(
    tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real server, by a running job and by a new one: the files and the run id of the same version."""
    name, before = "begins-anew", (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
    mlflow.set_tracking_uri(registry)
    mlflow.set_registry_uri(registry)
    try:
        mlflow.set_experiment(name)
        _, old_run = register(write_model(tmp_path / "one", 1.0), name)
        running = Champion(address(tmp_path / "copies", registry, 0.1, name))
        assert (running.current().version, running.current().run_id) == ("1", old_run)
        mlflow.MlflowClient().delete_registered_model(name)
        _, run = register(write_model(tmp_path / "two", 5.0), name)
        wait_until("the new run serves", lambda: running.current().run_id == run, timeout_seconds=30)
        new = Champion(address(tmp_path / "copies", registry, name=name))
        for champion in (running, new):
            assert (champion.current().version, champion.current().run_id) == ("1", run)
            assert math.isclose(served_delay(champion), 15.0)
            champion.close()
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


def test_a_model_that_fails_in_use_is_refused_and_the_last_good_one_serves(
    tmp_path: Path, mlflow_store: str, caplog: pytest.LogCaptureFixture
) -> None:
    register(write_model(tmp_path / "one", 1.0))
    champion = Champion(address(tmp_path / "copies", mlflow_store, refresh_seconds=0.1))
    register(write_model(tmp_path / "two", 2.0))
    wait_for(champion, "2")
    bad = champion.current()
    champion.refuse(bad, ModelFault("it raised"))
    champion.refuse(bad, ModelFault("it raised"))
    assert champion.current().version == "1"
    time.sleep(0.3)
    champion.current()
    time.sleep(0.3)
    assert champion.current().version == "1"
    assert len([record for record in caplog.records if "is refused: it raised" in record.message]) == 1
    champion.refuse(champion.current(), ModelFault("it raised, too"))
    assert champion.current().version == "baseline"
    register(write_model(tmp_path / "three", 3.0))
    wait_for(champion, "3")
    champion.close()


@pytest.mark.parametrize(
    ("environment", "requests"), [({}, 2), ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}, 1)], ids=["ours", "the user's"]
)
def test_a_registry_that_fails_is_left_alone_after_one_retry_unless_the_user_says_otherwise(
    environment: dict[str, str],
    requests: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []

    def fail(request: Request) -> JSONResponse:
        asked.append(request.url.path)
        return JSONResponse({}, status_code=503)

    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with serving(Starlette(routes=[Route("/{path:path}", fail)])) as uri:
        champion = Champion(address(tmp_path, uri.replace("://", "://user:secret@")))
    assert champion.current().version == "baseline"
    assert len(asked) == requests
    assert "secret" not in caplog.text
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "5"
    champion.close()


@pytest.mark.parametrize("hangs", ["registered-models/alias", "get-download-uri", "mlflow-artifacts"])
def test_a_registry_that_never_answers_does_not_hold_the_job_up(
    hangs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def answer(request: Request) -> JSONResponse:
        if hangs in request.url.path:
            over.wait(60)
        if request.url.path.endswith("alias"):
            found = {"name": "delay", "version": "1", "run_id": "1", "source": "mlflow-artifacts:/1"}
            return JSONResponse({"model_version": found})
        return JSONResponse({"artifact_uri": "mlflow-artifacts:/1"})

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as uri:
        begin = time.monotonic()
        champion = Champion(address(tmp_path, uri))
        waited = time.monotonic() - begin
        over.set()
    assert champion.current().version == "baseline"
    assert waited < 45, "it does not wait for the answer, which takes a minute"
    champion.close()


def test_a_version_that_is_a_path_removes_nothing(tmp_path: Path) -> None:
    def answer(request: Request) -> JSONResponse:
        del request
        return JSONResponse(
            {"model_version": {"name": "../x", "version": "../../foreign", "run_id": "1", "source": "s"}}
        )

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").touch()
    with serving(Starlette(routes=[Route("/{path:path}", answer)])) as uri:
        champion = Champion(address(tmp_path / "copies", uri, name="../x"))
    assert champion.current().version == "baseline"
    assert [path.name for path in tmp_path.iterdir()] == ["foreign"]
    assert (foreign / "file").exists()
    champion.close()

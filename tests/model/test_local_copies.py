"""Copies are told apart by registry, name, version, run and content; the one that served last is known; three stay."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from zielzeit.model.local_copies import KEPT, LocalCopies, ModelIdentity, folder_name

FIRST = ModelIdentity(registry="http://mlflow", name="delay", version="1", run_id="abc", created=1)


def download(folder: Path) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "trees.txt").write_text("trees")


def numbered(version: int) -> ModelIdentity:
    return msgspec.structs.replace(FIRST, version=str(version))


@pytest.mark.parametrize("other", [{"registry": "http://other"}, {"run_id": "def"}, {"created": 2}, {"name": "late"}])
def test_the_same_number_of_another_model_is_another_copy(other: dict[str, object], tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path)
    added = copies.add(FIRST, download)
    assert copies.find(FIRST) == added
    assert copies.find(msgspec.structs.replace(FIRST, **other)) is None


def test_a_copy_that_is_not_what_was_downloaded_is_not_used(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path)
    file = copies.add(FIRST, download) / "model" / "trees.txt"
    file.write_text("other trees")
    assert copies.find(FIRST) is None
    file.unlink()
    assert copies.find(FIRST) is None
    copies.add(FIRST, download)
    assert file.read_text() == "trees"
    (file.parent / "more.txt").touch()
    assert copies.find(FIRST) is None


def test_a_download_that_fails_leaves_the_copy_as_it_was_and_nothing_else(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        download(folder)
        raise ConnectionError

    copies = LocalCopies(tmp_path)
    copies.add(FIRST, download)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConnectionError):
        copies.add(FIRST, fail)
    assert sorted(tmp_path.rglob("*")) == before
    assert copies.find(FIRST) is not None


def test_what_served_last_is_first_after_a_rollback_and_three_copies_stay(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path)
    for version in (1, 2, 3, 4, 5, 4):
        copies.find(numbered(version)) or copies.add(numbered(version), download)
        copies.note_served(numbered(version))
    assert [identity.version for identity in LocalCopies(tmp_path).served()] == ["4", "5", "3"]
    assert [copies.find(numbered(version)) is not None for version in range(1, 6)] == [False, False, True, True, True]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == KEPT
    copies.drop(numbered(4))
    assert [identity.version for identity in copies.served()] == ["5", "3"]
    assert copies.find(numbered(4)) is None


def test_an_unreadable_order_is_no_order(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path)
    copies.add(FIRST, download)
    copies.note_served(FIRST)
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(file.read_bytes().replace(b'"1"', b'"../1"'))
    assert copies.served() == []


@pytest.mark.parametrize("version", ["", "../../other", "1/../../other", "..", "1.0", "-1", "²", "٣", " 1", "1" * 300])
def test_a_version_is_a_number(version: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        ModelIdentity(registry="http://mlflow", name="delay", version=version, run_id="abc", created=1)


@pytest.mark.parametrize("name", ["../../etc", "/etc", "..", "", "a\0b", "Verspätung", "x" * 300])
def test_any_name_makes_one_folder_of_its_own(name: str) -> None:
    folder = folder_name("http://mlflow", name, "champion")
    assert Path(folder).name == folder
    assert folder.isascii()
    assert folder.strip("-_").replace("-", "").replace("_", "").isalnum()
    assert len(folder) < 100
    others = [
        ("http://mlflow", name + "_", "champion"),
        ("http://other", name, "champion"),
        ("http://mlflow", name, "next"),
    ]
    assert folder not in {folder_name(*other) for other in others}


def test_subtasks_that_need_a_copy_at_the_same_time_download_it_once(tmp_path: Path) -> None:
    downloads: list[Path] = []

    def slowly(folder: Path) -> None:
        downloads.append(folder)
        time.sleep(0.05)
        download(folder)

    def needed(_: int) -> Path:
        copies = LocalCopies(tmp_path)  # of its own, as each subtask has
        with copies.alone():
            return copies.find(FIRST) or copies.add(FIRST, slowly)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(needed, range(4)))
    assert len(downloads) == 1
    assert len({*found}) == 1


def test_where_no_file_can_be_written_nothing_is_locked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with LocalCopies(tmp_path / "file").alone():
        assert LocalCopies(tmp_path / "file").served() == []

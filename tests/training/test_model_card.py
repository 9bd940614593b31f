"""The model card says how much of the network's names serving finds again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.training.conftest import Trained
from training import examples, model_training
from training.history.importing import KEEPING, STATE_FILE
from zielzeit.errors import UserError
from zielzeit.features.named_tables import SPACES
from zielzeit.features.network_state import NetworkState
from zielzeit.model.delay_model import HEADS, NETWORK_FILE, load_model

pytestmark = pytest.mark.slow

ONE_TREE = dict.fromkeys(HEADS, 1)


def test_the_card_counts_the_names_of_the_state(trained: Trained) -> None:
    state = NetworkState.from_bytes((trained.folder / NETWORK_FILE).read_bytes())
    card = load_model(trained.folder).card
    assert [one.space for one in card.archive_names] == list(SPACES)
    for one in card.archive_names:
        assert one.shown == one.near == len(state.names(one.space)) > 0
        assert 0 <= one.known <= one.shown


def test_the_card_says_what_the_state_knows_of_the_boards_of_its_railway(trained: Trained) -> None:
    known = {one.space: one for one in load_model(trained.folder).card.board_names}
    for space in ("station", "hop", "relation", "train"):
        assert known[space].shown > 0
        assert known[space].share > 0.9


def test_a_model_without_state_says_nothing_of_names(examples_folder: Path, boards: Path, tmp_path: Path) -> None:
    data = shutil.copytree(examples_folder, tmp_path / "examples")
    (data / KEEPING / STATE_FILE).unlink()
    until = examples.days(data)[-10]
    card = model_training.train(data, until, tmp_path / "model", seed=1, rounds=ONE_TREE, boards=[boards])
    assert (card.archive_names, card.board_names) == ((), ())


def test_a_damaged_state_is_said_in_a_sentence(examples_folder: Path, tmp_path: Path) -> None:
    data = shutil.copytree(examples_folder, tmp_path / "examples")
    (data / KEEPING / STATE_FILE).write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"state\.bin: not a stored network state.*history import"):
        model_training.train(data, examples.days(data)[-10], tmp_path / "model", seed=1, rounds=ONE_TREE)


def test_where_there_is_no_git_a_model_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(model_training.code_version()) == 40
    monkeypatch.setenv("PATH", str(tmp_path))
    assert model_training.code_version() == ""

"""Examples keep to the ranges that the fields of the features promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import examples
from zielzeit.features.definition import FEATURES
from zielzeit.features.feature_docs import quantities


@pytest.mark.parametrize("name", FEATURES)
def test_every_example_lies_in_the_range_of_its_feature(name: str, examples_folder: Path) -> None:
    values = examples.read(examples_folder, columns=[name])[name].drop_nans()
    quantity = quantities()[name]
    assert len(values)
    assert values.is_between(quantity.least, quantity.most).all(), (values.min(), values.max())

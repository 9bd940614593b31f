"""docs/data.md says of every feature what its field says."""

from __future__ import annotations

from zielzeit.features import feature_docs
from zielzeit.features.definition import FEATURES


def test_the_table_of_features_is_what_the_fields_say() -> None:
    written = feature_docs.PAGE.read_text()
    assert written == feature_docs.rewritten(written), "run: python -m zielzeit.features.feature_docs"
    assert tuple(feature_docs.quantities()) == FEATURES
    assert feature_docs.table() in written

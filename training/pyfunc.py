"""The model as MLflow's generic flavour: ``mlflow models serve`` and ``mlflow.pyfunc.load_model`` run this file.

Logged as source ("models from code"), so no pickle is written or read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import OUTPUTS, load_model


class DelayAtDestination(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]  # mlflow loads it late
    """Features in, the outputs of ``zielzeit.events.structs.ModelOutput`` out."""

    def load_context(self, context: Any) -> None:
        """Load the model from its folder."""
        self._model = load_model(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """One row of outputs per row of features, whose columns may stand in any order."""
        rows = model_input[list(FEATURES)].to_numpy(dtype="float64")
        return pd.DataFrame(self._model.matrix(rows), columns=list(OUTPUTS), index=model_input.index)


mlflow.models.set_model(DelayAtDestination())

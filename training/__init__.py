"""From history to a registered model: import, examples, training, evaluation, promotion."""

"""What a model knows of a departure: the features, the state of the network behind them, and what updates it."""

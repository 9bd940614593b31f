"""What a model knows of a departure: the features, the network's tables behind them, and what updates these."""

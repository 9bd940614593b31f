"""A trained model, the champion in use, predictions out of departures."""

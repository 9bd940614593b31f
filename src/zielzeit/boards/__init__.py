"""A board: parsed into typed rows, and as the record that carries it on the topic `boards`."""

"""What really happened, from the formats in which it is known: a station's recorded feed, the simulator's truth log."""

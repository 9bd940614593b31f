"""Evaluation: decisions compared with what really happened, as a recorded feed or the simulator tells it."""

"""Recorded boards: read, write, replay, keep in the lake."""

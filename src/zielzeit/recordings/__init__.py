"""Recorded boards: read, write, replay, copy to the lake."""

"""Runs: a train followed from station to station, and its labels."""

"""Thin Flink adapters: state, timers and records here, rules in the plain modules beside this folder."""

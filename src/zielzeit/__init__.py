"""Zielzeit's library of plain Python: no pyflink. The rooms and their order are in pyproject.toml."""

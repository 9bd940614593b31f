"""The local stack, and what puts Zielzeit on other machines."""

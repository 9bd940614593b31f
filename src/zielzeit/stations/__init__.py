"""The station register: one identity for every station, whichever way it is spelled."""

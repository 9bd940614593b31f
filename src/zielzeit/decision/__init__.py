"""When has a train left a station? Pure functions of the boards of one station."""

"""From finished history to examples: read files, put runs together, describe their departures in order of time."""

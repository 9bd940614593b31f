"""From finished history to examples: read any source, put runs together, replay them through the feature function."""

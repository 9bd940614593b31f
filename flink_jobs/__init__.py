"""The job graphs, each on one page, and their sources and sinks."""

"""Watching: what Prometheus scrapes, the rules by which it calls somebody, and the pages that say what to do."""

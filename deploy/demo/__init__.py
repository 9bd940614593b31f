"""``zielzeit demo``: the whole system at once, on a simulated railway.

``run`` puts the parts together, ``railway`` describes the programs that make boards (``simulator``, ``poller``),
``reader`` reads what the job writes, ``statistics`` counts it, ``view`` shows it.
"""

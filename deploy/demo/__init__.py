"""``zielzeit demo``: the whole of it in one go, on a simulated railway.

``run`` puts the parts together, ``railway`` are the programs that make boards, ``reader`` reads what the job writes,
``score`` keeps count of it, ``view`` shows it.
"""

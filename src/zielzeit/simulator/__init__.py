"""A synthetic but plausible German railway that answers like DBF, deterministic by seed.

``network`` (who runs where and when) → ``movement`` (what happens on a day) → ``forecast`` (what the feed believes and
when it learns the truth) → ``board`` (what DBF shows of it). ``server``, ``recording``, ``truth`` and ``history`` are
the ways out. Everything but the server is a pure function of the seed and the day.
"""

"""A synthetic but plausible German railway that answers like DBF, deterministic by seed.

``timetable`` (who runs where and when) → ``movement`` (what happens on a day) → ``forecast`` (what the feed believes,
and when it learns the truth) → ``displayed_board`` (what DBF shows of it). The results leave by ``server``,
``recording``, ``truth`` and ``history``. Everything but the server is a pure function of the seed and the day.
"""

"""What runs by the clock: the routines, and the files of cron and systemd that start them."""

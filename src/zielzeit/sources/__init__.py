"""Who is asked for boards, how often, and what the replies mean."""

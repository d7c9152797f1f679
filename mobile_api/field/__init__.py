"""What field workers use: the day, the week, cases, visits, patrols, offline operations."""

"""The console's API: the queue and its cases, grids and people, plans, tracks."""

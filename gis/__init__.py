"""Spatial engine in plain Python: no Django, no database, no network."""

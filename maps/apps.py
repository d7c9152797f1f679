"""Registers the map side of the API; it owns no tables."""

from django.apps import AppConfig


class MapsConfig(AppConfig):
    name = "maps"

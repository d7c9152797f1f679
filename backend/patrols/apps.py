"""Registers the `patrols` app."""

from django.apps import AppConfig


class PatrolsConfig(AppConfig):
    name = "backend.patrols"
    label = "patrols"
    default_auto_field = "django.db.models.BigAutoField"

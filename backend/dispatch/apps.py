"""Registers the `dispatch` app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "backend.dispatch"
    label = "dispatch"
    default_auto_field = "django.db.models.BigAutoField"

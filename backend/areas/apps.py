"""Registers the `areas` app."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "backend.areas"
    label = "areas"
    default_auto_field = "django.db.models.BigAutoField"

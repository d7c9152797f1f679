"""Registers the `matters` app."""

from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "backend.matters"
    label = "matters"
    default_auto_field = "django.db.models.BigAutoField"

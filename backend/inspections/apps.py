"""Registers the `inspections` app."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "backend.inspections"
    label = "inspections"
    default_auto_field = "django.db.models.BigAutoField"

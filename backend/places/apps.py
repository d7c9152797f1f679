"""Registers the `places` app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "backend.places"
    label = "places"
    default_auto_field = "django.db.models.BigAutoField"

"""Registers the phones' API; it owns no tables."""

from django.apps import AppConfig


class MobileApiConfig(AppConfig):
    name = "mobile_api"

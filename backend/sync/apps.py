"""Registers the `sync` app and lets its change feed hear what the relay sends."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "backend.sync"
    label = "sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.notify.relay import add_consumer
        from backend.sync.feed import remember

        add_consumer(remember)

"""Registers the `notify` app and lets commits hurry its relay."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "backend.notify"
    label = "notify"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.core import outbox
        from backend.notify.nudge import nudge

        outbox.nudge_with(nudge)

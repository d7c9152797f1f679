"""Settings, routes and the Celery application, which every process has to know before a task is called."""

from backend.config.celery import app as celery_app

__all__ = ["celery_app"]

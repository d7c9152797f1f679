"""The tree 市 / 区县 / 街道 / 社区 / 网格, and the scope that a path gives."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.core.ids import uuid7


def within(paths: Iterable[str], field: str) -> Q:
    """Condition: the path in `field` lies in one of the areas. No area means nothing."""
    allowed = Q(pk__in=[])
    for path in paths:
        allowed |= Q(**{f"{field}__startswith": path})
    return allowed


class AreaQuerySet(models.QuerySet["Area"]):
    def visible_to(self, actor: Actor) -> Self:
        """Areas in the actor's areas."""
        return self.filter(within(actor.area_paths, "path"))

    def open_at(self, at: datetime) -> Self:
        """Areas that exist at the moment: opened by then and not closed yet."""
        return self.filter(Q(closed_at=None) | Q(closed_at__gt=at), opened_at__lte=at)


class Area(models.Model):
    """A node of 市 / 区县 / 街道 / 社区 / 网格. Codes are never reused; a closed area keeps its row."""

    class Level(models.TextChoices):
        CITY = "city"
        COUNTY = "county"
        STREET = "street"
        COMMUNITY = "community"
        GRID = "grid"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    level = models.CharField(max_length=10, choices=Level.choices)
    scheme = models.CharField(max_length=20)
    code = models.CharField(max_length=30)
    path = models.CharField(max_length=80, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    class_code = models.CharField(max_length=3, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    duty_phone = models.CharField(max_length=30, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="area_code_once"),
            models.CheckConstraint(condition=Q(path__endswith="."), name="area_path_ends_with_dot"),
            models.CheckConstraint(condition=Q(level="city") | Q(parent__isnull=False), name="area_has_parent"),
        ]
        indexes = [models.Index(fields=["path"], name="area_path_prefix", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

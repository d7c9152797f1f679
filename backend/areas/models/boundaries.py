"""Dated boundaries, the divisions that publish them, and how an area of one came from another."""

from datetime import datetime
from typing import Self

from django.contrib.gis.db import models as gis
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from backend.accounts.actor import Actor
from backend.areas.models.tree import Area, within
from backend.core.ids import uuid7


class DivisionQuerySet(models.QuerySet["Division"]):
    def visible_to(self, actor: Actor) -> Self:
        """Divisions of the actor's areas."""
        return self.filter(within(actor.area_paths, "parent__path"))


class Division(models.Model):
    """One way of cutting a parent area: drafted, checked, published for a moment and never edited again.

    `base_stamp` names the boundaries that the draft was made from. At `effective_at` the boundaries switch by their
    periods; `switched_at` says when open work was brought to its new grids, `settled_at` when stragglers were.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        CHECKED = "checked"
        PUBLISHED = "published"
        UNDONE = "undone"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parent = models.ForeignKey(Area, models.PROTECT, related_name="divisions")
    level = models.CharField(max_length=10, choices=Area.Level.choices)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=200, blank=True)
    base_stamp = models.CharField(max_length=64, blank=True)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    effective_at = models.DateTimeField(null=True)
    switched_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    moved = models.JSONField(default=dict, help_text="how many rows the switch brought to another grid, by kind")
    duty_before = models.JSONField(default=list, help_text="rows of duty that the publish ended, as they were")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    objects = DivisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["published", "undone"], published_at__isnull=False, effective_at__isnull=False)
                | Q(state__in=["draft", "checked"], published_at=None),
                name="division_published_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="undone", undone_at__isnull=False) | (~Q(state="undone") & Q(undone_at=None)),
                name="division_undone_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_at"], condition=Q(state="published", settled_at=None), name="division_to_switch"
            ),
        ]


class DraftOutline(models.Model):
    """One area of a draft. Without `area` it will be a new one; its code is settled when the division is published."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    division = models.ForeignKey(Division, models.CASCADE, related_name="drawn")
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    under = models.ForeignKey(Area, models.PROTECT, related_name="+", help_text="the community (street) it lies in")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    outline = gis.MultiPolygonField(srid=4326)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["division", "code"], name="draft_code_once"),
            models.UniqueConstraint(fields=["division", "area"], name="draft_area_once"),
        ]


class BoundaryQuerySet(models.QuerySet["Boundary"]):
    def in_force(self, at: datetime) -> Self:
        """Published boundaries that hold at the moment."""
        return self.filter(valid__contains=at)

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "area__path"))


class Boundary(models.Model):
    """The outline and the name of one area during one period. Without a period it was taken back before it began."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="boundaries")
    division = models.ForeignKey(Division, models.CASCADE, related_name="boundaries")
    outline = gis.MultiPolygonField(srid=4326)
    outline_mercator = gis.MultiPolygonField(srid=3857)
    label_point = gis.PointField(srid=4326)
    area_m2 = models.FloatField()
    valid = DateTimeRangeField(null=True)
    name = models.CharField(max_length=80, blank=True)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20, blank=True)

    objects = BoundaryQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_boundary_at_a_time",
                expressions=[("area", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(valid__isnull=False),
            ),
            models.CheckConstraint(condition=Q(area_m2__gt=0), name="boundary_has_area"),
        ]
        indexes = [models.Index(fields=["division"])]


class Lineage(models.Model):
    """How an area of a new division came from one of the old."""

    class Kind(models.TextChoices):
        NEW = "new"
        KEPT = "kept"
        SPLIT = "split"
        MERGED = "merged"
        MOVED = "moved"

    division = models.ForeignKey(Division, models.CASCADE, related_name="lineage")
    old = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    new = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shared_m2 = models.FloatField(default=0)

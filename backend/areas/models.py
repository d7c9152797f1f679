"""The area tree, dated boundaries that are published as divisions, and duty: who answers for which grid when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.contrib.gis.db import models as gis
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
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


class Division(models.Model):
    """One way of cutting a parent area, drafted, checked, then published at a moment and never edited again."""

    class State(models.TextChoices):
        DRAFT = "draft"
        CHECKED = "checked"
        PUBLISHED = "published"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    parent = models.ForeignKey(Area, models.PROTECT, related_name="divisions")
    level = models.CharField(max_length=10, choices=Area.Level.choices)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    source = models.CharField(max_length=200, blank=True)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False, effective_at__isnull=False)
                | (~Q(state="published") & Q(published_at=None)),
                name="division_published_at_a_moment",
            ),
        ]


class BoundaryQuerySet(models.QuerySet["Boundary"]):
    def in_force(self, at: datetime) -> Self:
        """Published boundaries that hold at the moment."""
        return self.filter(valid__contains=at)

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(within(actor.area_paths, "area__path"))


class Boundary(models.Model):
    """The outline of one area during one period. Drafts have no period yet."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="boundaries")
    division = models.ForeignKey(Division, models.CASCADE, related_name="boundaries")
    outline = gis.MultiPolygonField(srid=4326)
    outline_mercator = gis.MultiPolygonField(srid=3857)
    label_point = gis.PointField(srid=4326)
    area_m2 = models.FloatField()
    valid = DateTimeRangeField(null=True)

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


class Duty(models.Model):
    """A worker answers for a grid during a period, in one post."""

    class Post(models.TextChoices):
        LEADER = "leader"
        WORKER = "worker"
        DEPUTY = "deputy"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grid = models.ForeignKey(Area, models.PROTECT, related_name="duties")
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="duties")
    post = models.CharField(max_length=10, choices=Post.choices)
    valid = DateTimeRangeField()

    class Meta:
        verbose_name_plural = "duties"
        constraints = [
            ExclusionConstraint(
                name="one_leader_at_a_time",
                expressions=[("grid", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(post="leader"),
            ),
            ExclusionConstraint(
                name="one_post_a_worker_and_grid",
                expressions=[
                    ("grid", RangeOperators.EQUAL),
                    ("worker", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="duty_lasts"),
        ]
        indexes = [models.Index(fields=["worker"])]


class Absence(models.Model):
    """A worker is away; deputies answer meanwhile."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    worker = models.ForeignKey("accounts.User", models.PROTECT, related_name="absences")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_absence_at_a_time",
                expressions=[("worker", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(period__isempty=False), name="absence_lasts"),
        ]

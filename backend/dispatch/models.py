"""The decision that brought a case to its owner, kept with its reasons."""

from django.contrib.gis.db import models as gis
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from backend.core.ids import uuid7


class Decision(models.Model):
    """From (point, matter, moment) to the responsible grid, person or department. Written once, never edited."""

    class Kind(models.TextChoices):
        INSIDE = "inside"
        ON_BORDER = "on_border"
        UNCERTAIN = "uncertain"
        SNAPPED = "snapped"
        GAP = "gap"
        OUTSIDE = "outside"

    class Owner(models.TextChoices):
        WORKER = "worker"
        COMMUNITY_DESK = "community_desk"
        DEPARTMENT = "department"
        TRIAGE = "triage"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey("cases.Case", models.CASCADE, related_name="decisions")
    at = models.DateTimeField()
    cause = models.CharField(
        max_length=30, help_text="what asked for it: intake, matter, location, duty, boundary, dispute"
    )
    rule = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    border_m = models.FloatField(null=True)
    candidates = models.JSONField(default=list)
    owner = models.CharField(max_length=15, choices=Owner.choices)
    worker = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    duty_chain = ArrayField(models.CharField(max_length=120), default=list)
    text_zh = models.TextField()
    text_en = models.TextField()
    rulings = models.JSONField(default=list, help_text="earlier rulings at this place: they inform, they don't decide")

    class Meta:
        indexes = [models.Index(fields=["case", "-at"])]


class Ruling(models.Model):
    """Who answers for a disputed case, and from then on what is told at that place. Written once, never edited.

    With `stretch` it is remembered along that piece of border while both boundaries are in force; without one, for the
    same matter inside `boundary`. `grid` is where the case lies from then on; `department` owns it where one is named.
    """

    class How(models.TextChoices):
        AGREED = "agreed"
        RULED = "ruled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey("cases.Case", models.CASCADE, related_name="rulings")
    at = models.DateTimeField()
    how = models.CharField(max_length=6, choices=How.choices)
    by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    by_role = models.CharField(max_length=20)
    words = models.CharField(max_length=2000, blank=True)
    matter = models.ForeignKey("matters.Matter", models.PROTECT, related_name="+")
    boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    other_boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    stretch = gis.LineStringField(srid=4326, null=True)
    grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(grid__isnull=False) | Q(department__isnull=False), name="ruling_names_an_owner"
            ),
            models.CheckConstraint(
                condition=Q(stretch=None) | Q(boundary__isnull=False, other_boundary__isnull=False),
                name="stretch_lies_between_two",
            ),
            models.CheckConstraint(condition=Q(how="agreed") | ~Q(words=""), name="ruling_says_why"),
        ]
        indexes = [models.Index(fields=["case", "-at"]), models.Index(fields=["boundary", "matter"])]

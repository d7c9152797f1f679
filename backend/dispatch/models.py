"""The decision that brought a case to its owner, kept with its reasons."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

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
    cause = models.CharField(max_length=30, help_text="what asked for it: intake, matter, location, duty, boundary")
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

    class Meta:
        indexes = [models.Index(fields=["case", "-at"])]

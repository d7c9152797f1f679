"""The matter list (事项清单): what a grid may be asked to do, by which rules, within which limit."""

from django.db import models
from django.db.models import Q

from backend.core.clock import Unit
from backend.core.ids import uuid7


class MatterQuerySet(models.QuerySet["Matter"]):
    def admitted(self) -> "MatterQuerySet":
        """Matters that new cases may be opened under."""
        return self.filter(is_active=True)


class Matter(models.Model):
    """One subcategory or service in one code scheme. Cases keep the version that they were opened under."""

    class Kind(models.TextChoices):
        INCIDENT = "incident"
        HOME_SERVICE = "home_service"

    class Handler(models.TextChoices):
        GRID = "grid"
        DEPARTMENT = "department"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scheme = models.CharField(max_length=20)
    code = models.CharField(max_length=30)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=15, choices=Kind.choices)
    slug = models.SlugField(max_length=80)
    category_code = models.CharField(max_length=20)
    category_zh = models.CharField(max_length=60)
    category_en = models.CharField(max_length=80, blank=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    handler = models.CharField(max_length=12, choices=Handler.choices)
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    auto_file = models.BooleanField(help_text="filed and dispatched at intake, without a person in between")
    public = models.BooleanField(help_text="residents may choose it")
    is_active = models.BooleanField(default=True)
    dwell_minutes = models.PositiveSmallIntegerField(default=15)
    form = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    # The eight descriptive fields of a service are name, type, legal basis, conditions, materials, procedure, fee and
    # time limit; the limit stands in the filing conditions below, the others here, each as {"zh": …, "en": …}.
    service_type = models.JSONField(default=dict)
    legal_basis = models.JSONField(default=dict)
    requirements = models.JSONField(default=dict)
    materials = models.JSONField(default=dict)
    procedure = models.JSONField(default=dict)
    fee = models.JSONField(default=dict)

    objects = MatterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="matter_code_once"),
            models.CheckConstraint(
                condition=Q(handler="grid") | Q(department__isnull=False), name="department_matter_has_department"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.code} {self.name_zh}"


class FilingCondition(models.Model):
    """One condition under a matter (立案条件) with its own handling limit and closing condition."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="conditions")
    code = models.CharField(max_length=20)
    position = models.PositiveSmallIntegerField()
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160, blank=True)
    limit_amount = models.DecimalField(max_digits=6, decimal_places=2)
    limit_unit = models.CharField(max_length=2, choices=[(unit.value, unit.name) for unit in Unit])
    closing_zh = models.CharField(max_length=120)
    closing_en = models.CharField(max_length=160, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["matter", "code"], name="condition_code_once"),
            models.CheckConstraint(condition=Q(limit_amount__gt=0), name="condition_limit_positive"),
            models.CheckConstraint(condition=Q(limit_unit__in=["UH", "WH", "WD", "ND"]), name="condition_limit_unit"),
        ]

"""The decision that brought a case to its owner, kept with its reasons; and the rules that go before the grid."""

from typing import Final, Self

from django.contrib.gis.db import models as gis
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.areas.models import within
from backend.core.ids import uuid7

# An area is covered, a line or point is reached: 1 to 500 m. A rule without a shape has no reach.
_REACH_FITS: Final = Func(
    F("shape"),
    F("reach_m"),
    template=(
        "(CASE WHEN shape IS NULL OR GeometryType(shape) IN ('POLYGON', 'MULTIPOLYGON') THEN reach_m = 0 "
        "WHEN GeometryType(shape) IN ('POINT', 'LINESTRING', 'MULTILINESTRING') THEN reach_m BETWEEN 1 AND 500 "
        "ELSE false END)"
    ),
    output_field=BooleanField(),
)

# Days of the year as month × 100 + day, 601 for 1 June; 229 is a day, so that a season may begin or end on it.
_SEASON_IN_PAIRS: Final = Func(
    F("season_from"),
    F("season_until"),
    template=(
        "(CASE WHEN season_from IS NULL OR season_until IS NULL THEN season_from IS NULL AND season_until IS NULL "
        "ELSE "
        + " AND ".join(
            f"{name} / 100 BETWEEN 1 AND 12 AND mod({name}, 100) BETWEEN 1 AND "
            f"CASE {name} / 100 WHEN 2 THEN 29 WHEN 4 THEN 30 WHEN 6 THEN 30 WHEN 9 THEN 30 WHEN 11 THEN 30 "
            "ELSE 31 END"
            for name in ("season_from", "season_until")
        )
        + " END)"
    ),
    output_field=BooleanField(),
)


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
    located_grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    rule_version = models.ForeignKey("dispatch.RuleVersion", models.PROTECT, null=True, related_name="+")
    beaten = models.JSONField(default=list, help_text="rules that fitted too, in order: id, version, names, priority")
    rulings = models.JSONField(default=list, help_text="earlier rulings at this place: they inform, they don't decide")
    department_duty = models.JSONField(null=True, help_text="who of the department was on duty: person, phone, area")
    text_zh = models.TextField()
    text_en = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["case", "-at"])]


class RuleQuerySet(models.QuerySet["Rule"]):
    def visible_to(self, actor: Actor) -> Self:
        """Rules of the actor's areas, and those of the areas above, which hold there too."""
        return self.filter(_holding(actor))


def _holding(actor: Actor) -> Q:
    above = {".".join(parts[:n]) + "." for parts in map(_parts, actor.area_paths) for n in range(1, len(parts))}
    return within(actor.area_paths, "area__path") | Q(area__path__in=above)


def _parts(path: str) -> list[str]:
    return path.rstrip(".").split(".")


class Rule(models.Model):
    """Responsibility beyond the polygon: what a matter, a place or an hour sends elsewhere than to the grid's duty.

    Every condition that is set must hold: `shape` (an area, or within `reach_m` metres of a line or point), `matter` or
    the beginning of its category, `area`, ISO weekdays and local hours (past midnight when `hours_from` is later), a
    season of every year (over New Year when `season_from` is later; both days belong to it).
    An empty condition holds always. Of several rules the higher priority wins, then the narrower area, then the older.
    """

    class Target(models.TextChoices):
        DEPARTMENT = "department"
        GRID = "grid"
        DESK = "desk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    ground = models.CharField(max_length=300, blank=True, help_text="the regulation or agreement that it rests on")
    area = models.ForeignKey("areas.Area", models.PROTECT, related_name="rules")
    shape = gis.GeometryField(srid=4326, null=True)
    reach_m = models.FloatField(default=0)
    asset_code = models.CharField(max_length=60, blank=True, help_text="of the road, river or manhole")
    matter = models.ForeignKey("matters.Matter", models.PROTECT, null=True, related_name="+")
    category_prefix = models.CharField(max_length=20, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list)
    hours_from = models.TimeField(null=True)
    hours_until = models.TimeField(null=True)
    season_from = models.PositiveSmallIntegerField(null=True, help_text="of every year: month × 100 + day")
    season_until = models.PositiveSmallIntegerField(null=True, help_text="the last day, included")
    target = models.CharField(max_length=10, choices=Target.choices)
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    target_area = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    priority = models.PositiveSmallIntegerField(default=100)
    valid = DateTimeRangeField()
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    objects = RuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target="department", department__isnull=False, target_area=None)
                | Q(target__in=["grid", "desk"], department=None, target_area__isnull=False),
                name="rule_has_one_target",
            ),
            models.CheckConstraint(condition=Q(_REACH_FITS), name="rule_reach_fits_shape"),
            models.CheckConstraint(condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="rule_weekdays"),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_until=None)
                | (Q(hours_from__isnull=False, hours_until__isnull=False) & ~Q(hours_from=F("hours_until"))),
                name="rule_hours_in_pairs",
            ),
            models.CheckConstraint(condition=Q(_SEASON_IN_PAIRS), name="rule_season"),
            models.CheckConstraint(condition=Q(priority__range=(0, 1000)), name="rule_priority"),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="rule_lasts"),
        ]
        indexes = [models.Index(fields=["matter"], condition=Q(enabled=True), name="rule_of_matter")]


class RuleVersion(models.Model):
    """A rule as it stood after one change; a trigger refuses every change and deletion."""

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        SWITCHED_ON = "switched_on"
        SWITCHED_OFF = "switched_off"
        ENDED = "ended"
        HANDED_OVER = "handed_over"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="versions")
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    actor_role = models.CharField(max_length=20)
    action = models.CharField(max_length=15, choices=Action.choices)
    content = models.JSONField(help_text="every column of the rule, the shape as GeoJSON")

    class Meta:
        ordering = ["n"]
        constraints = [models.UniqueConstraint(fields=["rule", "n"], name="rule_version_numbered")]


class RuleHandover(models.Model):
    """A rule that names an area which a division closes names its heir from `at` on.

    Matching reads it from that moment; the switch of the division then writes the rule itself. The row stays, so that
    an undo can put the rule back.
    """

    class Field(models.TextChoices):
        AREA = "area"
        TARGET = "target_area"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="handovers")
    division = models.ForeignKey("areas.Division", models.PROTECT, related_name="+")
    field = models.CharField(max_length=11, choices=Field.choices, help_text="where the rule names the closed area")
    from_area = models.ForeignKey("areas.Area", models.PROTECT, related_name="+")
    to_area = models.ForeignKey("areas.Area", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "field", "from_area"], name="rule_handed_over_once"),
            models.CheckConstraint(condition=~Q(from_area=F("to_area")), name="rule_handed_to_another"),
        ]


class DepartmentDutyQuerySet(models.QuerySet["DepartmentDuty"]):
    def visible_to(self, actor: Actor) -> Self:
        """Entries of the actor's areas, and those of the areas above, which hold there too."""
        return self.filter(_holding(actor))


class DepartmentDuty(models.Model):
    """Who of a department answers, in an area, for a matter or for all, in hours of the week, from when until when.

    The database keeps `week`, the minutes of the week that weekdays and hours say, and refuses two people of one
    department for the same area and matter at one time (constraint `department_duty_once`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    department = models.ForeignKey("accounts.Department", models.PROTECT, related_name="duties")
    area = models.ForeignKey("areas.Area", models.PROTECT, related_name="+")
    matter = models.ForeignKey("matters.Matter", models.PROTECT, null=True, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="ISO, 1 is Monday; none is every")
    hours_from = models.TimeField(null=True)
    hours_until = models.TimeField(null=True, help_text="may lie before hours_from: a night belongs to its first day")
    person = models.CharField(max_length=60)
    phone = models.CharField(max_length=30)
    valid = DateTimeRangeField()
    version = models.PositiveIntegerField(default=1)
    looked_at = models.DateTimeField(
        default=timezone.now, help_text="begins and ends up to then have been followed by the open work"
    )

    objects = DepartmentDutyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="department_duty_weekdays"
            ),
            models.CheckConstraint(
                condition=Q(hours_from=None, hours_until=None)
                | (Q(hours_from__isnull=False, hours_until__isnull=False) & ~Q(hours_from=F("hours_until"))),
                name="department_duty_hours",
            ),
            models.CheckConstraint(condition=~Q(person="") & ~Q(phone=""), name="department_duty_names_somebody"),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="department_duty_lasts"),
        ]


class Ruling(models.Model):
    """Who answers for a disputed case, and from then on what is told at that place. Written once, never edited.

    With `stretch` it is remembered along that piece of border between the two boundaries; without one, for the same
    matter inside `boundary`. Where it holds after new boundaries, its places say. `grid` is where the case lies from
    then on; `department` owns it where one is named.
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


class RulingPlace(models.Model):
    """Between which boundaries a ruling holds: first its own, then a row for each division that ended one of them.

    It holds while every boundary named is in force. `grid` is whom the ruling names there, the successor where that one
    was closed. A row with `dropped` names none: from then on the ruling is not told.
    """

    class Dropped(models.TextChoices):
        BORDER_MOVED = "border_moved"
        OTHER_GRID = "other_grid"
        GROUND_CHANGED = "ground_changed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ruling = models.ForeignKey(Ruling, models.CASCADE, related_name="places")
    division = models.ForeignKey("areas.Division", models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    other_boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    dropped = models.CharField(max_length=15, choices=Dropped.choices, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ruling", "division"], nulls_distinct=False, name="ruling_placed_once_a_division"
            ),
            models.CheckConstraint(
                condition=Q(dropped="") | Q(boundary=None, other_boundary=None, grid=None), name="dropped_has_no_place"
            ),
        ]
        indexes = [models.Index(fields=["boundary"]), models.Index(fields=["other_boundary"])]

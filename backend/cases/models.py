"""Cases: something of some matter, at a place, in a grid, with a clock and an append-only history."""

from typing import Self

from django.contrib.gis.db import models as gis
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual

from backend.accounts.actor import Actor
from backend.accounts.roles import FIELD_ROLES, Role
from backend.areas.models import within
from backend.cases.workflow import OPEN_STATES, Action, State
from backend.core.constraints import accuracy_is_a_radius, point_in_china, point_on_earth, raw_pair_kept
from backend.core.crypto import EncryptedTextField
from backend.core.ids import uuid7


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, actor: Actor) -> Self:
        """Cases in the actor's areas, those given to the actor or the actor's department, and own reports."""
        if actor.role in (Role.RESIDENT, Role.INTEGRATION):
            return self.filter(reporter_id=actor.user_id) if actor.user_id else self.none()
        if actor.role is Role.DEPARTMENT:
            return self.filter(department_id=actor.department_id) if actor.department_id else self.none()
        allowed = within(actor.area_paths, "area_path")
        if actor.role in FIELD_ROLES:
            allowed |= Q(responsible_id=actor.user_id)
        return self.filter(allowed)

    def open(self) -> Self:
        return self.filter(state__in=[state.value for state in OPEN_STATES])


class Case(models.Model):
    """One report or booked service, from intake to closing."""

    class Channel(models.TextChoices):
        RESIDENT_WEB = "resident_web"
        WORKER = "worker"
        COUNTER = "counter"
        HOTLINE = "hotline"
        IMPORT = "import"
        OPEN311 = "open311"

    class Appeal(models.TextChoices):
        """Whether the overtime of a closed case is contested; the overtime itself stays on record."""

        NONE = ""
        ASKED = "asked"
        GRANTED = "granted"
        DENIED = "denied"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=24, unique=True)
    version = models.PositiveIntegerField(default=1)
    matter = models.ForeignKey("matters.Matter", models.PROTECT, related_name="cases")
    matter_version = models.PositiveIntegerField()
    condition = models.ForeignKey("matters.FilingCondition", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=20, choices=[(state.value, state.value) for state in State])
    channel = models.CharField(max_length=20, choices=Channel.choices)
    description = models.TextField(blank=True, max_length=4000)
    answers = models.JSONField(default=dict)

    location = gis.PointField(srid=4326)
    raw_lon = models.FloatField()
    raw_lat = models.FloatField()
    raw_crs = models.CharField(max_length=10)
    accuracy_m = models.FloatField(null=True)
    address_text = models.CharField(max_length=200, blank=True)
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, related_name="cases")

    grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="cases")
    area_path = models.CharField(
        max_length=80, blank=True, help_text="path of the grid, or of the area that triages it"
    )
    responsible = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="responsible_cases")
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="cases")

    reporter = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="reported_cases")
    contact_name = EncryptedTextField(blank=True)
    contact_phone = EncryptedTextField(blank=True)
    contact_phone_index = models.BinaryField(max_length=32, null=True)
    tracking_digest = models.BinaryField(max_length=32)
    payload_digest = models.BinaryField(max_length=32)

    reported_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    limit_amount = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    limit_unit = models.CharField(max_length=2, blank=True)
    due_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    rework_count = models.PositiveSmallIntegerField(default=0)
    extension_count = models.PositiveSmallIntegerField(default=0)
    extension_asked_at = models.DateTimeField(null=True, help_text="set while somebody waits for an answer")
    suspension_count = models.PositiveSmallIntegerField(default=0)
    suspended_until = models.DateTimeField(null=True, help_text="set while suspended; then it resumes by itself")
    supervised_at = models.DateTimeField(null=True, help_text="when a level above last pressed for it (督办)")
    appeal = models.CharField(max_length=7, choices=Appeal.choices, default=Appeal.NONE, blank=True)

    responded = models.BooleanField(null=True)
    solved = models.BooleanField(null=True)
    satisfied = models.PositiveSmallIntegerField(null=True)
    rating_comment = models.CharField(max_length=500, blank=True)
    rated_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[state.value for state in State]), name="case_state_known"),
            models.CheckConstraint(
                condition=Q(satisfied=None) | Q(satisfied__range=(1, 5)), name="case_rating_one_to_five"
            ),
            models.CheckConstraint(
                condition=Q(appeal__in=["", "asked", "granted", "denied"]), name="case_appeal_known"
            ),
            models.CheckConstraint(
                condition=Q(due_at=None) | Q(dispatched_at__isnull=False), name="due_after_dispatch"
            ),
            point_in_china("location", name="case_in_china"),
            raw_pair_kept(name="case_raw_pair"),
            accuracy_is_a_radius(name="case_accuracy"),
        ]
        indexes = [
            models.Index(fields=["area_path"], name="case_area_prefix", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["state", "due_at"]),
            models.Index(fields=["-reported_at", "id"]),
            models.Index(fields=["responsible", "state"]),
            models.Index(fields=["suspended_until"], condition=Q(state="suspended"), name="case_resumes_at"),
            models.Index(fields=["contact_phone_index"]),
        ]


class CaseEvent(models.Model):
    """One line of a case's history; a trigger refuses every change and deletion."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True, help_text="when the phone made it, where that was earlier")
    action = models.CharField(max_length=20, choices=[(action.value, action.value) for action in Action])
    type = models.CharField(max_length=10)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    actor = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    actor_role = models.CharField(max_length=20)
    note = models.CharField(max_length=2000, blank=True)
    facts = models.JSONField(default=dict)
    is_public = models.BooleanField(default=True)
    was_overdue = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "n"], name="case_event_numbered")]
        indexes = [models.Index(fields=["at"], condition=Q(is_public=True), name="case_event_public_at")]
        ordering = ["n"]


class Photo(models.Model):
    """A picture, repainted (no metadata), private, reached by a signed address only."""

    class State(models.TextChoices):
        PENDING = "pending"
        READY = "ready"

    class Purpose(models.TextChoices):
        REPORT = "report"
        BEFORE = "before"
        AFTER = "after"
        VISIT = "visit"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.REPORT)
    file_key = models.CharField(max_length=80, unique=True)
    sha256 = models.BinaryField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    taken_location = gis.PointField(srid=4326, null=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="photos")
    event = models.ForeignKey(CaseEvent, models.PROTECT, null=True, related_name="photos")
    visit = models.ForeignKey("inspections.Visit", models.PROTECT, null=True, related_name="photos")

    class Meta:
        constraints = [point_on_earth("taken_location", name="photo_on_earth")]
        indexes = [models.Index(fields=["uploaded_at"], condition=Q(case=None, visit=None), name="photo_unclaimed")]


class PartnerReport(models.Model):
    """What another system sent with its report beyond what a case has: its own account and the person's details."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="partner_report")
    account_id = models.CharField(max_length=100, blank=True)
    media_url = models.CharField(max_length=500, blank=True)
    details = EncryptedTextField(blank=True, help_text="e-mail, device and attributes that no form asks for, as JSON")


class PartnerUpdate(models.Model):
    """An update that another system sent under its own number, taken once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    update_id = models.CharField(max_length=100)
    event = models.OneToOneField(CaseEvent, models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "update_id"], name="partner_update_once")]


class NumberSeries(models.Model):
    """The last case number given per local day and county, raised under a row lock: no hole, no double."""

    day = models.DateField()
    county = models.CharField(max_length=6)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [models.UniqueConstraint(fields=["day", "county"], name="number_series_once")]


class FlowVersion(models.Model):
    """A table of steps that was loaded for an area and all below, or for everywhere; the newest holds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    n = models.PositiveIntegerField()
    rows = models.JSONField(help_text="[{line, cells: {from, action, to, roles, needs, guards, clock}}]")
    digest = models.BinaryField(max_length=32)
    source = models.CharField(max_length=120, help_text="name of the file")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["area", "n"], nulls_distinct=False, name="flow_version_numbered")
        ]


class Handover(models.Model):
    """A case went from one owner to another because duty changed; once a case and change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="handovers")
    change = models.ForeignKey("areas.DutyChange", models.PROTECT, related_name="handovers")
    from_worker = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    to_worker = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    to_department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    at_end = models.BooleanField(default=False, help_text="when the change ended, not when it began")
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "change", "at_end"], name="handed_over_once_a_change")]


LEAST_GROUND = 6
MOST_GROUND = 1000


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, actor: Actor) -> Self:
        """Disputes over cases of the actor's areas, those that name their grids or department, and those they rule."""
        if actor.role is Role.RESIDENT:
            return self.none()
        if actor.role is Role.DEPARTMENT:
            named = Q(from_department=actor.department_id) | Q(proposed_department=actor.department_id)
            return self.filter(named) if actor.department_id else self.none()
        allowed = within(actor.area_paths, "case__area_path") | within(actor.area_paths, "from_grid__path")
        return self.filter(
            allowed | within(actor.area_paths, "other_grid__path") | within(actor.area_paths, "arbiter_path")
        )

    def open(self) -> Self:
        return self.filter(state=Dispute.State.OPEN)


class Dispute(models.Model):
    """A case sent back (退单) with a written ground, once a decision. The case stays with its owner, its clock runs on.

    `other_grid` is the neighbour that may take it: the proposed grid, else the one across the nearest border. Whoever's
    areas hold `arbiter_path` may rule: the community over its own grids, the street across communities.
    """

    class State(models.TextChoices):
        OPEN = "open"
        AGREED = "agreed"
        RULED = "ruled"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    case = models.ForeignKey(Case, models.CASCADE, related_name="disputes")
    decision = models.ForeignKey("dispatch.Decision", models.CASCADE, related_name="disputes")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    ground = models.CharField(max_length=MOST_GROUND)
    raised_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    raised_role = models.CharField(max_length=20)
    raised_at = models.DateTimeField()
    from_grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    from_department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    proposed_grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    proposed_department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, related_name="+")
    other_grid = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    other_boundary = models.ForeignKey("areas.Boundary", models.PROTECT, null=True, related_name="+")
    stretch = gis.LineStringField(srid=4326, null=True)
    border_m = models.FloatField(null=True, help_text="from the case to the stretch")
    level = models.CharField(max_length=10, help_text="of the area that rules: community, street, county, city")
    arbiter_path = models.CharField(max_length=80)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    ruling = models.OneToOneField("dispatch.Ruling", models.PROTECT, null=True, related_name="dispute")

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "decision"], name="disputed_once_a_decision"),
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="one_open_dispute_a_case"),
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None, settled_by=None, ruling=None)
                | Q(state__in=["agreed", "ruled"], settled_at__isnull=False, ruling__isnull=False)
                | Q(state="withdrawn", settled_at__isnull=False, ruling=None),
                name="dispute_settled_whole",
            ),
            models.CheckConstraint(
                condition=Q(from_grid__isnull=False, from_department=None)
                | Q(from_grid=None, from_department__isnull=False),
                name="dispute_comes_from_one",
            ),
            models.CheckConstraint(
                condition=Q(proposed_grid=None) | Q(proposed_department=None), name="dispute_proposes_one"
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("ground"), LEAST_GROUND), name="dispute_has_a_ground"
            ),
        ]
        indexes = [
            models.Index(fields=["arbiter_path"], name="dispute_arbiter", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["state", "raised_at"]),
        ]


class Reroute(models.Model):
    """A change sent a case elsewhere; once a case and change, whatever repeats or races."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reroutes")
    change_id = models.UUIDField(help_text="what changed: the version of a rule, a line of the history, a division")
    cause = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "change_id"], name="rerouted_once_a_change")]

"""The town of the sweep: the same objects in one's own grid, a sibling grid, another community and another street."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.actor import SYSTEM
from backend.accounts.models import Consent, Membership, User
from backend.accounts.roles import Role
from backend.accounts.services import DeviceSeen, sign_in
from backend.areas.drafts import create_draft
from backend.areas.models import Proposal
from backend.cases import photos, services
from backend.cases.access import tracking_code
from backend.cases.disputes.raising import Ground, return_case
from backend.cases.models import Case
from backend.cases.services import NewReport, PointIn
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.dispatch import rules
from backend.dispatch.models import DepartmentDuty, RuleVersion
from backend.dispatch.rules import RuleChange, RuleWish
from backend.inspections.models import Appointment, PlanJob, Replan, Route, Stop, StopDuty, WeeklyPlan
from backend.patrols.models import PatrolSession, Tracker
from backend.stats.coverage import CoverageFacts, GridLine
from backend.stats.coverage_maps import packed
from backend.stats.models import CoverageMap
from tests.authorisation.oracle import WHERES, Where
from tests.mobile_api.conftest import picture
from tests.world import PASSWORD, World, make_world

GRIDS: dict[Where, str] = {
    "own": "002011001", "sibling": "002011002", "community": "002012001", "street": "003001001",
}  # fmt: skip
# A grid next to each, farther from the worker's own.
BESIDE: dict[Where, str] = {
    "own": "002011002", "sibling": "002011003", "community": "002012002", "street": "003001002",
}  # fmt: skip
PEOPLE = {
    "resident": "resident:1", "grid_worker": "worker:002011001", "grid_leader": "leader:002011001",
    "community": "community:002011", "street": "street:002", "district": "district", "city": "city",
    "department": "department:sanitation", "auditor": "auditor", "integration": "integration", "admin": "admin",
}  # fmt: skip


@dataclass
class Stage:
    """What the sweep calls with: a client a role, and ids by (kind, whose, where)."""

    world: World
    now: datetime
    clients: dict[str, APIClient] = field(default_factory=dict)
    ids: dict[tuple[str, str, str], UUID] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    photo_path: str = ""
    tracked: dict[str, str] = field(default_factory=dict)

    def id_of(self, kind: str, role: str, where: str) -> str:
        """The object of this kind at `where`: the role's own one where it has one, else the other people's."""
        if where == "absent":
            return str(uuid7())
        return str(self.ids.get((kind, role, where)) or self.ids[kind, "others", where])

    def canary(self, where: Where) -> str:
        return f"canary-{GRIDS[where]}"

    def phone(self, where: Where) -> str:
        return f"1380000{WHERES.index(where)}777"


def build() -> Stage:
    """Runs inside a transaction that the caller rolls back."""
    now = timezone.now()
    world = make_world(now - timedelta(days=1))
    stage = Stage(world, now)
    _integration(world, now)
    for where in WHERES:
        stage.codes[where] = f"330281{GRIDS[where]}"
        _cases(stage, where)
        _disputes(stage, where)
        _round(stage, where)
        _patrol(stage, where)
        _division(stage, where)
        _proposal(stage, where)
        _rule(stage, where)
        _coverage_map(stage, where)
        _entry(stage, where)
    _clients(stage)
    return stage


def _division(stage: Stage, where: Where) -> None:
    """A draft of the community that the grid lies in, named so that it may be recognised."""
    division = create_draft(
        actor=SYSTEM, parent_code=f"330281{GRIDS[where][:6]}", level="grid", name=stage.canary(where), now=stage.now
    )
    stage.ids["division", "others", where] = division.pk


def _proposal(stage: Stage, where: Where) -> None:
    """A request of the community to the engine that ended without a draft, so that it stands in nobody's way."""
    community = GRIDS[where][:6]
    row = Proposal.objects.create(
        area=stage.world.areas[f"330281{community}"], grids=2, name=stage.canary(where), state="failed",
        asked_at=stage.now, ended_at=stage.now, asked_by=stage.world.people.get(f"community:{community}"),
    )  # fmt: skip
    stage.ids["proposal", "others", where] = row.pk


def _coverage_map(stage: Stage, where: Where) -> None:
    """One for each console role: everybody sees their own alone, and only while the area is theirs."""
    grid = stage.world.grid(GRIDS[where])
    facts = CoverageFacts(
        area_code=grid.code, area_name=grid.name, area_name_en="", since="2026-11-16", until="2026-11-22",
        made_at=stage.now.isoformat(), unseen_days=30, patrols=0, patrols_gone=0, street_m=0, walked_m=0,
        ground_share=0, walked=None, not_walked=None, places=[],
        grids=[GridLine(
            code=grid.code, name=stage.canary(where), name_en="", community="", community_en="", street_m=0,
            walked_m=0, street_share=None, ground_share=0, places=0, unseen=0, overdue=0,
            outline=[[[121.17, 30.05], [121.18, 30.05], [121.18, 30.06], [121.17, 30.05]]],
        )],
    )  # fmt: skip
    for role in ("community", "street", "district", "city", "auditor"):
        row = CoverageMap.objects.create(
            area=grid, week_start=date(2026, 11, 16), weeks=1, unseen_days=30, role=role, area_paths=[grid.path],
            asked_by=stage.world.people[PEOPLE[role]], asked_at=stage.now, state="done", ended_at=stage.now,
            answer=packed(facts),
        )  # fmt: skip
        stage.ids["coverage_map", role, where] = row.pk
        stage.ids["coverage_map", "others", where] = row.pk


def _rule(stage: Stage, where: Where) -> None:
    """A rule of the community that the grid lies in, not yet in force, so that it moves nothing."""
    wish = RuleWish(
        name_zh=stage.canary(where), area_code=f"330281{GRIDS[where][:6]}", target="department", weekdays=[1],
        department_id=stage.world.departments["police"].pk, valid_from=stage.now + timedelta(days=365),
    )  # fmt: skip
    change = RuleChange(RuleVersion.Action.CREATED, uuid7(), wish=wish)
    stage.ids["rule", "others", where] = rules.write(actor=SYSTEM, change=change, now=stage.now).rule.pk


def _entry(stage: Stage, where: Where) -> None:
    """An entry of the duty directory for the grid, to begin in a year."""
    row = DepartmentDuty.objects.create(
        department=stage.world.departments["police"], area=stage.world.grid(GRIDS[where]),
        person=stage.canary(where), phone="0574-1", valid=(stage.now + timedelta(days=365), None),
    )  # fmt: skip
    stage.ids["entry", "others", where] = row.pk


def _integration(world: World, now: datetime) -> None:
    user = User(username="integration", name="外部系统")
    user.set_password(PASSWORD)
    user.save()
    Membership.objects.create(user=user, role=Role.INTEGRATION, valid=(now - timedelta(days=1), None))
    world.people["integration"] = user


def _report(stage: Stage, where: Where, *, reporter: str, matter: str) -> Case:
    lon, lat = stage.world.middle_of(GRIDS[where])
    report = NewReport(
        id=uuid7(), matter_id=stage.world.matters[matter].pk, point=PointIn(lon, lat, "wgs84", 5.0),
        channel="resident_web", description=stage.canary(where), contact_name="王小明",
        contact_phone=stage.phone(where),
    )  # fmt: skip
    return services.report_case(actor=stage.world.actor(reporter, now=stage.now), report=report, now=stage.now).case


def _cases(stage: Stage, where: Where) -> None:
    case = _report(stage, where, reporter="resident:2", matter="exposed_garbage")
    stage.ids["case", "others", where] = case.pk
    _appointment(stage, where, reporter="resident:2", whose="others")
    if where == "own":
        mine = _report(stage, where, reporter="resident:1", matter="exposed_garbage")
        stage.ids["case", "resident", where] = mine.pk
        stage.tracked = {"number": mine.number, "code": tracking_code(mine.pk)}
        _appointment(stage, where, reporter="resident:1", whose="resident")
        photo = photos.store_photo(actor=None, photo_id=uuid7(), file=picture(), now=stage.now)
        stage.photo_path = photos.signed_path(photo, viewer=None)


def _disputes(stage: Stage, where: Where) -> None:
    """A return of the grid itself, and one of the next grid that asks this one."""
    grid, beside = GRIDS[where], BESIDE[where]
    for kind, sender, asked in (("dispute", grid, beside), ("asked", beside, grid)):
        lon, lat = stage.world.middle_of(sender)
        report = NewReport(
            id=uuid7(), matter_id=stage.world.matters["exposed_garbage"].pk, point=PointIn(lon, lat, "wgs84"),
            channel="resident_web", description=stage.canary(where),
        )  # fmt: skip
        case = services.report_case(actor=SYSTEM, report=report, now=stage.now).case
        ground = Ground("不在本网格范围之内", grid_code=stage.world.grid(asked).code)
        leader = stage.world.actor(f"leader:{sender}", now=stage.now)
        dispute = return_case(actor=leader, case_id=case.pk, ground=ground, now=stage.now)
        stage.ids[kind, "others", where] = dispute.pk


def _appointment(stage: Stage, where: Where, *, reporter: str, whose: str) -> None:
    case = _report(stage, where, reporter=reporter, matter="pension_life_proof")
    start = stage.now + timedelta(days=2)
    row = Appointment.objects.create(
        id=case.pk, case=case, grid=stage.world.grid(GRIDS[where]), dwell_minutes=25, booked_at=stage.now,
        window=DateTimeTZRange(start, start + timedelta(hours=2)),
    )  # fmt: skip
    stage.ids["appointment", whose, where] = row.pk


def _round(stage: Stage, where: Where) -> None:
    grid = stage.world.grid(GRIDS[where])
    today = stage.now.astimezone(LOCAL).date()
    monday = today - timedelta(days=today.weekday())
    plan = WeeklyPlan.objects.create(
        grid=grid, week_start=monday, version=1, state="published", created_at=stage.now, published_at=stage.now
    )
    stage.ids["plan", "others", where] = plan.pk
    draft = WeeklyPlan.objects.create(grid=grid, week_start=monday, version=2, state="draft", created_at=stage.now)
    stage.ids["draft", "others", where] = draft.pk
    proposed = WeeklyPlan.objects.create(
        grid=grid, week_start=monday, version=3, state="proposed", created_at=stage.now
    )
    replan = Replan.objects.create(
        base=plan, plan=proposed, kind="absence", facts={"version": "", "said": {}}, is_met=True, stability_s=900,
        cpu_ms=1, asked_at=stage.now, expires_at=stage.now - timedelta(minutes=1),
    )  # fmt: skip
    stage.ids["replan", "others", where] = replan.pk
    job = PlanJob.objects.create(week_start=monday, area_path=grid.path, asked_at=stage.now)
    job.grids.create(grid=grid)
    stage.ids["job", "others", where] = job.pk
    place = stage.world.add_place(stage.canary(where), grid=GRIDS[where])
    _stop(stage, plan, f"leader:{GRIDS[where]}", place, today, key=("stop", "others", where))
    if where == "own":
        stage.ids["stop", "grid_leader", where] = stage.ids["stop", "others", where]
        _stop(stage, plan, "worker:002011001", place, today, key=("stop", "grid_worker", where))


def _stop(stage: Stage, plan: WeeklyPlan, worker: str, place: Any, day: Any, *, key: tuple[str, str, str]) -> None:
    route = Route.objects.create(
        plan=plan, worker=stage.world.people[worker], day=day, travel_s=60, travel_m=70,
        shift=DateTimeTZRange(stage.now - timedelta(hours=1), stage.now + timedelta(hours=3)),
    )  # fmt: skip
    stop = Stop.objects.create(
        route=route, seq=1, kind="duty", place=place, location=Point(place.location.x, place.location.y, srid=4326),
        arrive_at=stage.now, start_at=stage.now, leave_at=stage.now + timedelta(minutes=9), reason_code="due_by",
        reason_facts={"all": []},
    )  # fmt: skip
    StopDuty.objects.create(stop=stop, duty=place.visit_duties.get())
    stage.ids[key] = stop.pk


def _patrol(stage: Stage, where: Where) -> None:
    leader = f"leader:{GRIDS[where]}"
    _session(stage, leader, where, whose="others")
    stage.ids["worker", "others", where] = stage.world.people[leader].pk
    if where == "own":
        for kind in ("session", "tracker"):
            stage.ids[kind, "grid_leader", where] = stage.ids[kind, "others", where]
        _session(stage, "worker:002011001", where, whose="grid_worker")


def _session(stage: Stage, worker: str, where: Where, *, whose: str) -> None:
    user = stage.world.people[worker]
    consent = Consent.objects.create(
        user=user, purpose="patrol_track", notice_version="1", granted=True, at=stage.now - timedelta(hours=3)
    )
    started = stage.now - timedelta(hours=1)
    session = PatrolSession.objects.create(
        worker=user, consent=consent, area_path=stage.world.grid(GRIDS[where]).path, received_at=started,
        started_at=started, day=started.astimezone(LOCAL).date(),
    )  # fmt: skip
    stage.ids["session", whose, where] = session.pk
    tracker = Tracker.objects.create(
        worker=user, name=stage.canary(where), digest=session.pk.bytes, created_at=stage.now
    )
    stage.ids["tracker", whose, where] = tracker.pk


def _clients(stage: Stage) -> None:
    stage.clients["anonymous"] = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    for role, name in PEOPLE.items():
        tokens = sign_in(
            username=stage.world.people[name].username, password=PASSWORD, device=DeviceSeen(f"sweep {role}"),
            address="203.0.113.50", now=stage.now,
        )  # fmt: skip
        stage.clients[role] = APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens.access}", HTTP_ACCEPT_LANGUAGE="en")

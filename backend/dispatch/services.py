"""From (point, matter, moment) to the responsible grid and person, with the reason kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings

from backend.accounts.models import Department, User
from backend.areas import queries as areas
from backend.areas.models import Area, Boundary
from backend.areas.queries import DutyLine
from backend.core.ids import uuid7
from backend.dispatch import reasons, rulings
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.models import Decision, Ruling
from backend.matters.models import Matter
from gis.locate import Kind, Located

# A report this close to the served area goes to triage (a fix may be that far off); one farther away is refused.
TRIAGE_REACH_M = 1_000.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `decide`, not yet stored. `area_path` is the scope in which the case will be seen."""

    rule: str
    kind: Kind
    area: Area
    grid: Area | None
    boundary: Boundary | None
    border_m: float | None
    candidates: list[dict[str, object]]
    owner: Decision.Owner
    worker: User | None = None
    department: Department | None = None
    duty_chain: list[str] = field(default_factory=list)
    text_zh: str = ""
    text_en: str = ""
    rulings: list[dict[str, object]] = field(default_factory=list)

    @property
    def area_path(self) -> str:
        return self.area.path


def decide(*, lon: float, lat: float, accuracy_m: float | None, matter: Matter, now: datetime) -> Verdict:
    """Who answers for a WGS84 point in this matter at this moment.

    The chain is: boundary in force → grid → who is on duty then → the department where the matter says so; the
    community desk where nobody is on duty or no grid covers the point; triage of the street close outside.
    Earlier rulings at this place are named in the reason; they change nothing else.
    Raises OutsideServedArea, gis.coordinates.CoordinateError.
    """
    located = areas.locate(lon, lat, accuracy_m=accuracy_m, snap_m=settings.DISPATCH_SNAP_M, now=now)
    if located.kind is Kind.OUTSIDE:
        return _triage(lon, lat, now=now)
    if located.kind is Kind.GAP:
        return _gap(located)
    return _informed(_grid(located, matter, now), lon, lat, matter=matter, now=now)


def _informed(verdict: Verdict, lon: float, lat: float, *, matter: Matter, now: datetime) -> Verdict:
    earlier = rulings.earlier_at(lon, lat, matter=matter, boundary=verdict.boundary, now=now)
    if not earlier:
        return verdict
    texts = [one.texts() for one in earlier]
    return replace(
        verdict,
        rulings=[one.facts() for one in earlier],
        text_zh="".join([verdict.text_zh, *(zh for zh, _ in texts)]),
        text_en=" ".join([verdict.text_en, *(en for _, en in texts)]),
    )


def decide_ruled(
    ruling: Ruling, *, lon: float, lat: float, accuracy_m: float | None, matter: Matter, now: datetime
) -> Verdict:
    """The verdict for the very case that was ruled on: the named grid's chain or the named department answers."""
    located = areas.locate(lon, lat, accuracy_m=accuracy_m, snap_m=settings.DISPATCH_SNAP_M, now=now)
    grid = ruling.grid or areas.boundary_of(UUID(str(located.id or located.parent_id))).area
    lines = areas.on_duty(grid.pk, at=now) if ruling.grid and ruling.department is None else ()
    chosen = next((line for line in lines if not line.is_absent), None)
    owner = Decision.Owner.WORKER if chosen else Decision.Owner.COMMUNITY_DESK
    if ruling.department is not None:
        owner = Decision.Owner.DEPARTMENT
    text_zh, text_en = reasons.ruled(ruling, names=rulings.owner_names(ruling), lines=lines, chosen=chosen)
    return Verdict(
        rule="dispute_ruling",
        kind=located.kind,
        area=grid,
        grid=ruling.grid,
        boundary=areas.boundary_in_force(grid, now=now),
        border_m=located.border_m,
        candidates=_candidates(located),
        owner=owner,
        worker=chosen.worker if chosen else None,
        department=ruling.department,
        duty_chain=_chain(lines),
        text_zh=text_zh,
        text_en=text_en,
    )


def _triage(lon: float, lat: float, *, now: datetime) -> Verdict:
    near = areas.locate(lon, lat, accuracy_m=None, snap_m=TRIAGE_REACH_M, now=now)
    if near.id is None:
        raise OutsideServedArea(
            "the point lies outside the area that is served; check the position and its coordinate system",
            field="location",
        )
    boundary = areas.boundary_of(UUID(str(near.id)))
    street = _ancestor(boundary.area, Area.Level.STREET)
    text_zh, text_en = reasons.triage(street, near.candidates[0].distance_m)
    return Verdict(
        rule="outside_nearby",
        kind=Kind.OUTSIDE,
        area=street,
        grid=None,
        boundary=None,
        border_m=near.candidates[0].distance_m,
        candidates=_candidates(near),
        owner=Decision.Owner.TRIAGE,
        text_zh=text_zh,
        text_en=text_en,
    )


def _gap(located: Located) -> Verdict:
    boundary = areas.boundary_of(UUID(str(located.parent_id)))
    text_zh, text_en = reasons.gap(boundary.area)
    return Verdict(
        rule="community_gap",
        kind=Kind.GAP,
        area=boundary.area,
        grid=None,
        boundary=boundary,
        border_m=None,
        candidates=[],
        owner=Decision.Owner.COMMUNITY_DESK,
        text_zh=text_zh,
        text_en=text_en,
    )


def _grid(located: Located, matter: Matter, now: datetime) -> Verdict:
    boundary = areas.boundary_of(UUID(str(located.id)))
    grid = boundary.area
    lines = areas.on_duty(grid.pk, at=now)
    chosen = next((line for line in lines if not line.is_absent), None)
    owner, rule = _owner(matter, chosen)
    candidates = _candidates(located)
    text_zh, text_en = reasons.grid(
        located, area=grid, candidates=candidates, lines=lines, chosen=chosen, matter=matter, owner=owner
    )
    return Verdict(
        rule=rule,
        kind=located.kind,
        area=grid,
        grid=grid,
        boundary=boundary,
        border_m=located.border_m,
        candidates=candidates,
        owner=owner,
        worker=chosen.worker if chosen and owner is Decision.Owner.WORKER else None,
        department=matter.department if owner is Decision.Owner.DEPARTMENT else None,
        duty_chain=_chain(lines),
        text_zh=text_zh,
        text_en=text_en,
    )


def _chain(lines: Sequence[DutyLine]) -> list[str]:
    return [f"{line.post}:{line.worker.username}{':absent' if line.is_absent else ''}" for line in lines]


def _owner(matter: Matter, chosen: DutyLine | None) -> tuple[Decision.Owner, str]:
    if matter.handler == Matter.Handler.DEPARTMENT:
        return Decision.Owner.DEPARTMENT, "matter_department"
    if chosen is None:
        return Decision.Owner.COMMUNITY_DESK, "nobody_on_duty"
    return Decision.Owner.WORKER, f"duty_{chosen.post}"


def _candidates(located: Located) -> list[dict[str, object]]:
    return [
        {"code": row.code, "share": row.share, "distance_m": round(row.distance_m, 1)} for row in located.candidates
    ]


def _ancestor(area: Area, level: str) -> Area:
    while area.level != level and area.parent is not None:
        area = area.parent
    return area


def keep(*, case_id: UUID, verdict: Verdict, cause: str, now: datetime) -> Decision:
    """Stores the verdict with its reasons; must run in the transaction that acts on it."""
    return Decision.objects.create(
        id=uuid7(),
        case_id=case_id,
        at=now,
        cause=cause,
        rule=verdict.rule,
        kind=verdict.kind.value,
        grid=verdict.grid,
        boundary=verdict.boundary,
        border_m=verdict.border_m,
        candidates=verdict.candidates,
        owner=verdict.owner,
        worker=verdict.worker,
        department=verdict.department,
        duty_chain=verdict.duty_chain,
        text_zh=verdict.text_zh,
        text_en=verdict.text_en,
        rulings=verdict.rulings,
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a case went where it went, in words for everybody."""

    kind: str
    rule: str
    text_zh: str
    text_en: str


def explain(case_id: UUID) -> Explanation | None:
    """The words of the decision in force; None for a case that was imported."""
    decisions = Decision.objects.filter(case_id=case_id).order_by("-at", "-id")
    found = decisions.values_list("kind", "rule", "text_zh", "text_en").first()
    return Explanation(*found) if found else None


def latest(case_id: UUID) -> Decision | None:
    """The decision in force for a case."""
    return (
        Decision.objects.filter(case_id=case_id)
        .select_related("grid", "worker", "department")
        .order_by("-at", "-id")
        .first()
    )


@dataclass(frozen=True, slots=True)
class DutyPerson:
    """One person of a stored duty chain, by name."""

    post: str
    name: str
    absent: bool


def duty_people(decision: Decision) -> list[DutyPerson]:
    """The duty chain of a decision, read for people: the row keeps accounts, which nobody outside is to see.

    A person who has left has an empty name.
    """
    lines = [_read_line(line) for line in decision.duty_chain]
    users = User.objects.filter(username__in={username for _, username, _ in lines})
    names = {user.username: str(user.name) for user in users}
    return [DutyPerson(post, names.get(username, ""), absent) for post, username, absent in lines]


def _read_line(line: str) -> tuple[str, str, bool]:
    """`post:username` with `:absent` behind it for somebody away; a user name may hold colons itself."""
    post, _, rest = line.partition(":")
    return post, rest.removesuffix(":absent"), rest.endswith(":absent")

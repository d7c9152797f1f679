"""From (point, matter, moment) to the responsible grid and person, with the reason kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.accounts.models import Department, User
from backend.areas import queries as areas
from backend.areas.models import Area, Boundary
from backend.areas.queries import DutyLine
from backend.core.ids import uuid7
from backend.core.rows import copy_in
from backend.dispatch import reasons, rulings
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.models import Decision, Ruling
from backend.dispatch.rulings import Earlier, Remembered
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
        return _gap(located, areas.boundary_of(UUID(str(located.parent_id))))
    boundary = areas.boundary_of(UUID(str(located.id)))
    verdict = _grid(located, matter, boundary, areas.on_duty(boundary.area_id, at=now))
    return _informed(verdict, rulings.earlier_at(lon, lat, matter=matter, boundary=boundary, now=now))


def _informed(verdict: Verdict, earlier: Sequence[Earlier]) -> Verdict:
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


@dataclass(frozen=True, slots=True)
class Ask:
    """What `decide` is asked: WGS84 degrees, radius of the fix in metres, matter with its department."""

    lon: float
    lat: float
    accuracy_m: float | None
    matter: Matter


def decide_many(asks: Sequence[Ask], *, now: datetime) -> list[Verdict | None]:
    """`decide` for each, in a handful of queries; None where the point lies outside the area that is served."""
    found = areas.locate_many(
        [ask.lon for ask in asks], [ask.lat for ask in asks], accuracies_m=[ask.accuracy_m for ask in asks],
        snap_m=settings.DISPATCH_SNAP_M, now=now,
    )  # fmt: skip
    boundaries = areas.boundaries_of({pk for one in found for pk in (one.id, one.parent_id) if pk is not None})
    remembered = Remembered.read(now)
    lines = areas.on_duty_in({one.area_id for one in boundaries.values()}, at=now)
    verdicts: list[Verdict | None] = []
    for ask, located in zip(asks, found, strict=True):
        if located.kind is Kind.OUTSIDE:
            verdicts.append(_near_or_none(ask, now))
        elif located.kind is Kind.GAP:
            verdicts.append(_gap(located, boundaries[located.parent_id]))
        else:
            boundary = boundaries[located.id]
            verdict = _grid(located, ask.matter, boundary, lines[boundary.area_id])
            earlier = remembered.earlier_at(ask.lon, ask.lat, matter=ask.matter, boundary=boundary)
            verdicts.append(_informed(verdict, earlier))
    return verdicts


def _near_or_none(ask: Ask, now: datetime) -> Verdict | None:
    try:
        return _triage(ask.lon, ask.lat, now=now)
    except OutsideServedArea:
        return None


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


def _gap(located: Located, boundary: Boundary) -> Verdict:
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


def _grid(located: Located, matter: Matter, boundary: Boundary, lines: Sequence[DutyLine]) -> Verdict:
    grid = boundary.area
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
    return Decision.objects.create(id=uuid7(), case_id=case_id, at=now, cause=cause, **_columns(verdict))


def keep_many(verdicts: Sequence[tuple[object, Verdict]], *, cause: str, now: datetime) -> list[UUID]:
    """`keep` for many cases, given by their ids; the ids of the decisions in the same order."""
    ids = [uuid7() for _ in verdicts]
    rows = [
        (pk, case_id, now, cause, *_columns(verdict).values())
        for pk, (case_id, verdict) in zip(ids, verdicts, strict=True)
    ]
    if rows:
        copy_in(Decision, ("id", "case_id", "at", "cause", *_columns(verdicts[0][1])), rows)
    return ids


def _columns(verdict: Verdict) -> dict[str, Any]:
    """What a decision keeps of the verdict, by the names of its columns."""
    return {
        "rule": verdict.rule,
        "kind": verdict.kind.value,
        "grid_id": verdict.grid.pk if verdict.grid else None,
        "boundary_id": verdict.boundary.pk if verdict.boundary else None,
        "border_m": verdict.border_m,
        "candidates": verdict.candidates,
        "owner": verdict.owner.value,
        "worker_id": verdict.worker.pk if verdict.worker else None,
        "department_id": verdict.department.pk if verdict.department else None,
        "duty_chain": verdict.duty_chain,
        "text_zh": verdict.text_zh,
        "text_en": verdict.text_en,
        "rulings": verdict.rulings,
    }


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

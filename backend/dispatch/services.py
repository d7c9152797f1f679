"""From (point, matter, moment) to the responsible grid and person, with the reason kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.accounts.models import Department, User
from backend.areas import queries as areas
from backend.areas.duty.chain import DutyLine, Roster
from backend.areas.grounds import PUBLISHED, Ground
from backend.areas.models import Area, Boundary
from backend.core.ids import uuid7
from backend.core.rows import copy_in
from backend.dispatch import department_duty, reasons, rulings
from backend.dispatch.department_duty import OnDuty
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.matching import Fitting, Question, fitting_rules
from backend.dispatch.models import Decision, Rule, Ruling
from backend.dispatch.rulings import Earlier, Remembered
from backend.matters.models import Matter
from gis.locate import Kind, Located

# A report this close to the served area goes to triage (a fix may be that far off); one farther away is refused.
TRIAGE_REACH_M = 1_000.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `decide`, not yet stored. `area_path` is the scope in which the case will be seen.

    `grid` is the grid that answers; `located_grid` the one that the point lies in, another where a rule names a grid.
    """

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
    located_grid: Area | None = None
    applied: Fitting | None = None
    beaten: Sequence[Fitting] = ()
    text_zh: str = ""
    text_en: str = ""
    rulings: list[dict[str, object]] = field(default_factory=list)
    department_duty: OnDuty | None = None

    @property
    def area_path(self) -> str:
        return self.area.path

    @property
    def holder(self) -> str:
        """The owner as one word, for comparing: who holds the case, or which desk."""
        held = self.worker or self.department
        return f"{self.owner.value}:{held.pk if held else self.area.path}"


def decide(*, lon: float, lat: float, accuracy_m: float | None, matter: Matter, now: datetime) -> Verdict:
    """Who answers for a WGS84 point in this matter at this moment.

    The chain is: boundary in force → grid → the rules that go before the grid → who is on duty then → the department
    where the matter says so; the community desk where nobody is on duty or no grid covers the point; triage of the
    street close outside. Earlier rulings at this place are named in the reason; they change nothing else.
    Raises OutsideServedArea, gis.coordinates.CoordinateError.
    """
    located = areas.locate(lon, lat, accuracy_m=accuracy_m, snap_m=settings.DISPATCH_SNAP_M, now=now)
    if located.kind is Kind.OUTSIDE:
        return _triage(lon, lat, now=now)
    boundary = areas.boundary_of(UUID(str(located.id or located.parent_id)))
    (fitting,) = fitting_rules([Question(lon, lat, matter, boundary.area.path, now)])
    verdict = _inside(matter, located, boundary, fitting, lines_of=lambda grid: areas.on_duty(grid.pk, at=now))
    (verdict,) = _staffed([verdict], [matter], [now])
    if located.kind is Kind.GAP:
        return verdict
    return _informed(verdict, rulings.earlier_at(lon, lat, matter=matter, boundary=boundary, now=now))


def _staffed(verdicts: Sequence[Verdict], asked: Sequence[Matter], moments: Sequence[datetime]) -> list[Verdict]:
    """With whoever of the department is on duty, where a department answers."""
    staffed = list(verdicts)
    places = [place for place, one in enumerate(verdicts) if one.department is not None]
    questions = [
        department_duty.Question(department.pk, verdicts[place].area_path, asked[place], moments[place])
        for place in places
        if (department := verdicts[place].department) is not None
    ]
    for place, found in zip(places, department_duty.on_duty(questions), strict=True):
        zh, en = found.texts()
        one = verdicts[place]
        staffed[place] = replace(
            one, department_duty=found, text_zh=f"{one.text_zh}{zh}", text_en=f"{one.text_en} {en}".strip()
        )
    return staffed


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
    verdict = Verdict(
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
    return _staffed([verdict], [matter], [now])[0]


@dataclass(frozen=True, slots=True)
class Ask:
    """What `decide` is asked: WGS84 degrees, radius of the fix in metres, matter with its department."""

    lon: float
    lat: float
    accuracy_m: float | None
    matter: Matter


def decide_many(asks: Sequence[Ask], *, now: datetime) -> list[Verdict | None]:
    """`decide` for each, in a handful of queries; None where the point lies outside the area that is served."""
    moments = [now] * len(asks)
    return decide_located(asks, locate_at(asks, moments), moments, remembered=Remembered.read(now))


def locate_at(
    asks: Sequence[Ask], moments: Sequence[datetime], *, ground: Ground = PUBLISHED, snap_m: float | None = None
) -> list[Located]:
    """Where each point lies by the boundaries in force at its own moment."""
    found: dict[int, Located] = {}
    for index, places in ground.indexes_at(moments):
        answers = index.locate_many(
            [asks[place].lon for place in places],
            [asks[place].lat for place in places],
            accuracies_m=[asks[place].accuracy_m for place in places],
            snap_m=settings.DISPATCH_SNAP_M if snap_m is None else snap_m,
        )
        found |= zip(places, answers, strict=True)
    return [found[place] for place in range(len(asks))]


def decide_located(
    asks: Sequence[Ask],
    located: Sequence[Located],
    moments: Sequence[datetime],
    *,
    remembered: Remembered | None = None,
    ground: Ground = PUBLISHED,
) -> list[Verdict | None]:
    """The second half of `decide_many`, each as of its own moment: rules and duty, for points that are located once.

    Without `remembered` the words leave earlier rulings out. The points were located on the same `ground`.
    """
    boundaries = ground.boundaries_of({pk for one in located for pk in (one.id or one.parent_id,) if pk is not None})
    grounds = [boundaries.get(one.id or one.parent_id) for one in located]
    served = [place for place, ground in enumerate(grounds) if ground is not None]
    fitting = dict(zip(served, fitting_rules(_questions(asks, grounds, moments)), strict=True))
    roster = _roster(ground, grounds, fitting, moments)
    outside = _near_or_none(asks, [place for place, held in enumerate(grounds) if held is None], moments, ground)
    inside = [
        _inside(asks[place].matter, located[place], held, fitting[place], lines_of=partial(roster, moments[place]))
        for place in served
        if (held := grounds[place]) is not None
    ]
    staffed = _staffed(inside, [asks[place].matter for place in served], [moments[place] for place in served])
    by_place = dict(zip(served, staffed, strict=True))
    verdicts: list[Verdict | None] = []
    for place, (ask, held) in enumerate(zip(asks, grounds, strict=True)):
        if held is None:
            verdicts.append(outside[place])
            continue
        verdict = by_place[place]
        if remembered is not None and located[place].kind is not Kind.GAP:
            earlier = remembered.earlier_at(ask.lon, ask.lat, matter=ask.matter, boundary=held)
            verdict = _informed(verdict, earlier)
        verdicts.append(verdict)
    return verdicts


def _questions(asks: Sequence[Ask], grounds: Sequence[Boundary | None], moments: Sequence[datetime]) -> list[Question]:
    return [
        Question(ask.lon, ask.lat, ask.matter, ground.area.path, at)
        for ask, ground, at in zip(asks, grounds, moments, strict=True)
        if ground is not None
    ]


def _roster(
    ground: Ground,
    grounds: Sequence[Boundary | None],
    fitting: Mapping[int, Sequence[Fitting]],
    moments: Sequence[datetime],
) -> Callable[[datetime, Area], Sequence[DutyLine]]:
    """Duty of every grid that may answer, over the whole span of the moments; each grid and moment is read once."""
    grid_ids = {held.area_id for held in grounds if held is not None}
    grid_ids |= {rules[0].rule.target_area_id for rules in fitting.values() if rules and rules[0].rule.target_area_id}
    roster = ground.duty_of(grid_ids, start=min(moments), end=max(moments)) if grid_ids else Roster()

    @cache
    def lines_at(at: datetime, grid_id: UUID) -> Sequence[DutyLine]:
        return roster.lines_at(grid_id, at)

    return lambda at, grid: lines_at(at, grid.pk)


def _near_or_none(
    asks: Sequence[Ask], places: Sequence[int], moments: Sequence[datetime], ground: Ground
) -> dict[int, Verdict | None]:
    """Triage of each point in no served area, by its place; None where no grid is near."""
    beside = [Ask(asks[place].lon, asks[place].lat, None, asks[place].matter) for place in places]
    near = locate_at(beside, [moments[place] for place in places], ground=ground, snap_m=TRIAGE_REACH_M)
    boundaries = ground.boundaries_of({one.id for one in near if one.id is not None})
    return {
        place: None if found.id is None else _nearest(found, boundaries[found.id].area)
        for place, found in zip(places, near, strict=True)
    }


def _triage(lon: float, lat: float, *, now: datetime) -> Verdict:
    near = areas.locate(lon, lat, accuracy_m=None, snap_m=TRIAGE_REACH_M, now=now)
    if near.id is None:
        raise OutsideServedArea(
            "the point lies outside the area that is served; check the position and its coordinate system",
            field="location",
        )
    return _nearest(near, areas.boundary_of(UUID(str(near.id))).area)


def _nearest(near: Located, grid: Area) -> Verdict:
    """The street of the nearest grid decides."""
    street = _ancestor(grid, Area.Level.STREET)
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


def _inside(
    matter: Matter,
    located: Located,
    boundary: Boundary,
    fitting: Sequence[Fitting],
    *,
    lines_of: Callable[[Area], Sequence[DutyLine]],
) -> Verdict:
    """The verdict in a served area: the first rule that fits, else the gap's desk or the grid's duty."""
    lying = boundary.area if located.kind is not Kind.GAP else None
    candidates = _candidates(located)
    rule = fitting[0].rule if fitting else None
    answering, area = _answering(rule, lying, boundary.area)
    lines = lines_of(answering) if answering is not None else ()
    chosen = next((line for line in lines if not line.is_absent), None)
    owner, rule_name = _owner(rule, answering, matter, chosen)
    department = rule.department if rule else matter.department
    place = reasons.place(located, boundary.area, candidates)
    by_rule = reasons.by_rule(rule, [one.rule for one in fitting[1:]]) if rule else ("", "")
    who = reasons.who(lines, chosen, matter, owner, rule=rule, is_gap=answering is None)
    return Verdict(
        rule=rule_name,
        kind=located.kind,
        area=area,
        grid=answering,
        boundary=boundary,
        border_m=located.border_m,
        candidates=candidates,
        owner=owner,
        worker=chosen.worker if chosen and owner is Decision.Owner.WORKER else None,
        department=department if owner is Decision.Owner.DEPARTMENT else None,
        duty_chain=_chain(lines),
        located_grid=lying,
        applied=fitting[0] if fitting else None,
        beaten=fitting[1:],
        text_zh=f"{place[0]}{by_rule[0]}{who[0]}",
        text_en=" ".join(part for part in (place[1], by_rule[1], who[1]) if part),
    )


def _chain(lines: Sequence[DutyLine]) -> list[str]:
    return [f"{line.post}:{line.worker.username}{':absent' if line.is_absent else ''}" for line in lines]


def _answering(rule: Rule | None, lying: Area | None, ground: Area) -> tuple[Area | None, Area]:
    """The grid that answers, and the area in which the case is seen."""
    named = rule.target_area if rule else None
    if rule is None or named is None:
        return lying, ground
    if rule.target == Rule.Target.GRID:
        return named, named
    # A desk keeps the grid in sight where the grid is its own.
    return (lying, ground) if ground.path.startswith(named.path) else (None, named)


def _owner(
    rule: Rule | None, answering: Area | None, matter: Matter, chosen: DutyLine | None
) -> tuple[Decision.Owner, str]:
    if rule is not None and rule.target == Rule.Target.DEPARTMENT:
        return Decision.Owner.DEPARTMENT, "rule_department"
    if rule is not None and rule.target == Rule.Target.DESK:
        return Decision.Owner.COMMUNITY_DESK, "rule_desk"
    if answering is None:
        return Decision.Owner.COMMUNITY_DESK, "community_gap"
    if rule is None and matter.handler == Matter.Handler.DEPARTMENT:
        return Decision.Owner.DEPARTMENT, "matter_department"
    if chosen is None:
        return Decision.Owner.COMMUNITY_DESK, "rule_grid_nobody" if rule else "nobody_on_duty"
    return Decision.Owner.WORKER, "rule_grid" if rule else f"duty_{chosen.post}"


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
        "located_grid_id": verdict.located_grid.pk if verdict.located_grid else None,
        "rule_version_id": verdict.applied.version_id if verdict.applied else None,
        "beaten": [_beaten_facts(one.rule) for one in verdict.beaten],
        "text_zh": verdict.text_zh,
        "text_en": verdict.text_en,
        "rulings": verdict.rulings,
        "department_duty": verdict.department_duty.facts() if verdict.department_duty else None,
    }


def _beaten_facts(rule: Rule) -> dict[str, object]:
    """A rule that fitted and was not the first, as a decision keeps it."""
    return {
        "id": str(rule.pk),
        "version": rule.version,
        "name_zh": rule.name_zh,
        "name_en": rule.name_en,
        "priority": rule.priority,
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


def decisions_of(case_id: UUID) -> list[Decision]:
    """Every decision of a case; the first is the one in force."""
    found = Decision.objects.filter(case_id=case_id).select_related("grid", "worker", "department")
    return list(found.select_related("located_grid", "rule_version").order_by("-at", "-id"))


def latest(case_id: UUID) -> Decision | None:
    """The decision in force for a case."""
    return next(iter(decisions_of(case_id)), None)


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

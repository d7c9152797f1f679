"""The answer to one question, not stored yet: who answers by the boundary, the rules, the duty, and in what words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.accounts.models import Department, User
from backend.areas.duty.chain import DutyLine
from backend.areas.models import Area, Boundary
from backend.dispatch import reasons
from backend.dispatch.department_duty import OnDuty
from backend.dispatch.matching import Fitting
from backend.dispatch.models import Decision, Rule
from backend.matters.models import Matter
from gis.locate import Kind, Located


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


@dataclass(frozen=True, slots=True)
class Ask:
    """What `decide` is asked: WGS84 degrees, radius of the fix in metres, matter with its department."""

    lon: float
    lat: float
    accuracy_m: float | None
    matter: Matter


@dataclass(frozen=True, slots=True)
class Answer:
    """What a verdict says apart from the point itself: the same for all points of one ground to which the same rules
    fit, in one matter, at one moment. The words are those after the place.
    """

    rule: str
    area: Area
    grid: Area | None
    boundary: Boundary
    owner: Decision.Owner
    worker: User | None
    department: Department | None
    duty_chain: list[str]
    located_grid: Area | None
    applied: Fitting | None
    beaten: Sequence[Fitting]
    text_zh: str
    text_en: str
    department_duty: OnDuty | None = None

    def at(self, located: Located) -> Verdict:
        """The verdict for a point of this ground."""
        candidates = candidates_of(located)
        place_zh, place_en = reasons.place(located, self.boundary.area, candidates)
        return Verdict(
            rule=self.rule,
            kind=located.kind,
            area=self.area,
            grid=self.grid,
            boundary=self.boundary,
            border_m=located.border_m,
            candidates=candidates,
            owner=self.owner,
            worker=self.worker,
            department=self.department,
            duty_chain=self.duty_chain,
            located_grid=self.located_grid,
            applied=self.applied,
            beaten=self.beaten,
            text_zh=f"{place_zh}{self.text_zh}",
            text_en=f"{place_en} {self.text_en}".strip(),
            department_duty=self.department_duty,
        )


def answer_of(
    matter: Matter,
    boundary: Boundary,
    fitting: Sequence[Fitting],
    *,
    is_gap: bool,
    lines_of: Callable[[Area], Sequence[DutyLine]],
) -> Answer:
    """In a served area: the first rule that fits, else the gap's desk or the grid's duty."""
    lying = None if is_gap else boundary.area
    rule = fitting[0].rule if fitting else None
    answering, area = _answering(rule, lying, boundary.area)
    lines = lines_of(answering) if answering is not None else ()
    chosen = next((line for line in lines if not line.is_absent), None)
    owner, rule_name = _owner(rule, answering, matter, chosen)
    department = rule.department if rule else matter.department
    by_rule = reasons.by_rule(rule, [one.rule for one in fitting[1:]]) if rule else ("", "")
    who = reasons.who(lines, chosen, matter, owner, rule=rule, is_gap=answering is None)
    return Answer(
        rule=rule_name,
        area=area,
        grid=answering,
        boundary=boundary,
        owner=owner,
        worker=chosen.worker if chosen and owner is Decision.Owner.WORKER else None,
        department=department if owner is Decision.Owner.DEPARTMENT else None,
        duty_chain=chain_of(lines),
        located_grid=lying,
        applied=fitting[0] if fitting else None,
        beaten=fitting[1:],
        text_zh=f"{by_rule[0]}{who[0]}",
        text_en=" ".join(part for part in (by_rule[1], who[1]) if part),
    )


def chain_of(lines: Sequence[DutyLine]) -> list[str]:
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


def candidates_of(located: Located) -> list[dict[str, object]]:
    return [
        {"code": row.code, "share": row.share, "distance_m": round(row.distance_m, 1)} for row in located.candidates
    ]


def nearest(near: Located, grid: Area) -> Verdict:
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
        candidates=candidates_of(near),
        owner=Decision.Owner.TRIAGE,
        text_zh=text_zh,
        text_en=text_en,
    )


def _ancestor(area: Area, level: str) -> Area:
    while area.level != level and area.parent is not None:
        area = area.parent
    return area

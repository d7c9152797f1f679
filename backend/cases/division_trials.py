"""A draft tried on the past: every case of a period decided by the boundaries of then, and by the draft."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import Polygon
from django.db.models import F, FloatField, Func, Q

from backend.accounts.actor import SYSTEM, Actor
from backend.areas import access, force
from backend.areas.checking import draft_of
from backend.areas.drafted import DraftGround
from backend.areas.errors import BadDivision, DivisionNotDraft
from backend.areas.heirs import closings_of_draft
from backend.areas.models import Area, Boundary, Division, within
from backend.cases.errors import BadPeriod
from backend.cases.models import Case
from backend.cases.rule_tables import RulesOf, by_table
from backend.cases.trials import MOST_CASES, Load, answering
from backend.dispatch import ruling_places, rulings, succession
from backend.dispatch import services as dispatch
from backend.dispatch.foretold import Handed
from backend.dispatch.models import RulingPlace
from backend.dispatch.services import Ask, Verdict
from backend.matters import queries as matters
from backend.matters.models import Matter

_DRAFTS: Final = (Division.State.DRAFT, Division.State.CHECKED)
# Rules of dispatch that say that nobody of a grid answers.
_NOBODY: Final = frozenset({"nobody_on_duty", "rule_grid_nobody", "community_gap"})
_COLUMNS: Final = ("pk", "number", "state", "reported_at", "lon", "lat", "accuracy_m", "matter_id")


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case as a trial looks at it: WGS84 degrees, radius of the fix in metres."""

    id: UUID
    number: str
    state: str
    reported_at: datetime
    lon: float
    lat: float
    accuracy_m: float | None
    matter: Matter

    def ask(self) -> Ask:
        return Ask(self.lon, self.lat, self.accuracy_m, self.matter)


@dataclass(frozen=True, slots=True)
class PastMove:
    """A case with the answer of its own moment, and the draft's; None: outside the area that is served."""

    case: PastCase
    before: Verdict | None
    after: Verdict | None

    @property
    def to_other_grid(self) -> bool:
        """Whether it would lie elsewhere: what a publish moves."""
        return _place(self.before) != _place(self.after)

    @property
    def to_other_person(self) -> bool:
        """Whether another person, department or desk would answer."""
        return _holder(self.before) != _holder(self.after)

    @property
    def finds_nobody(self) -> bool:
        return self.after is None or self.after.rule in _NOBODY

    @property
    def found_nobody(self) -> bool:
        return self.before is None or self.before.rule in _NOBODY


@dataclass(frozen=True)
class DivisionTrial:
    """What a draft would have done to the cases of a period.

    `elsewhere`: those with another grid or another owner. `nobody`: those that would find nobody in a grid, with the
    number that found nobody then. `loads`: everybody who had to answer, before or after. `outlines`: the draft's areas.
    """

    division: Division
    cases: int
    elsewhere: list[PastMove]
    nobody: list[PastMove]
    nobody_before: int
    loads: list[Load]
    outlines: list[Boundary]
    rules_of: RulesOf

    @property
    def other_grid(self) -> int:
        return sum(one.to_other_grid for one in self.elsewhere)

    @property
    def other_person(self) -> int:
        return sum(one.to_other_person for one in self.elsewhere)


def try_division(
    *,
    actor: Actor,
    division_id: UUID,
    start: datetime,
    end: datetime,
    now: datetime,
    rules_of: RulesOf = RulesOf.THEN,
) -> DivisionTrial:
    """Tries a draft on the cases reported from `start` up to `end`. Nothing is kept.

    Before: boundaries, rules and duty of each case's own moment, or with `RulesOf.TODAY` the rules as they stand now,
    each in its own period. After: the same with the draft's outlines in force,
    new grids with the duty of the grid that most of their ground comes from, and rules and department duty that name a
    closed area with its heir, as a publish would hand them over. A case that was ruled on stays with its
    ruling, before, and after where the ruling would be carried over the draft. Cases are those of the division's ground
    that the actor sees. Raises DivisionNotFound, DivisionNotDraft, BadPeriod, BadDivision, CodesUsedUp.
    """
    division = access.get_division(actor, division_id)
    if division.state not in _DRAFTS:
        raise DivisionNotDraft("a published division is not tried; its history is in the cases", state=division.state)
    if end <= start:
        raise BadPeriod("the end lies not after the begin", field="until")
    ground = DraftGround(division, now=now)
    if not ground.outlined:
        raise BadDivision("nothing is drawn yet; there is nothing to try", faults=[])
    cases = past_cases(actor, division.parent, start, end)
    asked, moments = [case.ask() for case in cases], [case.reported_at for case in cases]
    then, drafted = dispatch.locate_at(asked, moments), dispatch.locate_at(asked, moments, ground=ground)

    closings = closings_of_draft(draft_of(division)) if division.level == Area.Level.GRID else []

    def both(some: slice) -> list[tuple[Verdict | None, Verdict | None]]:
        said = asked[some], then[some], moments[some]
        handed = Handed.by(succession.names_closed(closings, at=moments[some][0]), ground.areas)
        by_draft = dispatch.decide_located(asked[some], drafted[some], moments[some], ground=ground, handed=handed)
        return list(zip(dispatch.decide_located(*said), by_draft, strict=True))

    pairs = by_table(moments, rules_of, both)
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    _hold_rulings(cases, before, after, ground, now)
    moves = [PastMove(*row) for row in zip(cases, before, after, strict=True)]
    return DivisionTrial(
        division,
        len(cases),
        [one for one in moves if one.to_other_grid or one.to_other_person],
        [one for one in moves if one.finds_nobody],
        sum(one.found_nobody for one in moves),
        _loads(before, after),
        ground.boundaries,
        rules_of,
    )


def past_cases(actor: Actor, area: Area, start: datetime, end: datetime) -> list[PastCase]:
    """Cases of the area that the actor sees, and those in no grid on its ground. Raises BadPeriod for too many."""
    seen = Case.objects.all() if actor == SYSTEM else Case.objects.visible_to(actor)
    here = within([area.path], "area_path")
    outline = force.ground_of(area)
    if outline is not None:
        here |= Q(grid=None, location__bboverlaps=_box(outline.bounds))
    found = seen.filter(here, reported_at__gte=start, reported_at__lt=end).order_by("reported_at", "pk")
    rows = list(found.annotate(lon=_ordinate("ST_X"), lat=_ordinate("ST_Y")).values_list(*_COLUMNS)[: MOST_CASES + 1])
    if len(rows) > MOST_CASES:
        raise BadPeriod(f"more than {MOST_CASES} cases; choose a shorter period", field="until")
    known = matters.matters_by_id({row[-1] for row in rows})
    return [
        PastCase(pk, number, state, at, lon, lat, accuracy_m, known[matter_id])
        for pk, number, state, at, lon, lat, accuracy_m, matter_id in rows
    ]


def _ordinate(function: str) -> Func:
    return Func(F("location"), function=function, output_field=FloatField())


def _box(bounds: tuple[float, float, float, float]) -> Polygon:
    box = Polygon.from_bbox(bounds)
    box.srid = 4326
    return box


def _hold_rulings(
    cases: Sequence[PastCase],
    before: list[Verdict | None],
    after: list[Verdict | None],
    ground: DraftGround,
    now: datetime,
) -> None:
    """Puts the ruling's verdict where one holds; by the draft too, where the ruling would be carried over it."""
    ruled = rulings.ruled_on([case.id for case in cases])
    held = {
        number: place
        for number, case in enumerate(cases)
        if case.id in ruled and (place := rulings.binding(case.id, matter=case.matter, now=now)) is not None
    }
    drafted = list(held.values())
    if ground.division.level == Area.Level.GRID:
        path = ground.division.parent.path
        drafted = ruling_places.following_by(drafted, ground.boundaries, path=path, now=now)
    for (number, place), by_draft in zip(held.items(), drafted, strict=True):
        before[number] = _ruled(cases[number], place, now)
        if not by_draft.dropped:
            after[number] = _ruled(cases[number], by_draft, now)


def _ruled(case: PastCase, place: RulingPlace, now: datetime) -> Verdict:
    return dispatch.decide_ruled(
        place.ruling, to_grid=place.grid, lon=case.lon, lat=case.lat, accuracy_m=case.accuracy_m, matter=case.matter,
        now=now,
    )  # fmt: skip


def _place(verdict: Verdict | None) -> tuple[UUID | None, str] | None:
    return None if verdict is None else (verdict.grid.pk if verdict.grid else None, verdict.area_path)


def _holder(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.holder


def _loads(before: Sequence[Verdict | None], after: Sequence[Verdict | None]) -> list[Load]:
    """Of all who answer, grids first, by code."""
    counted = [Counter(answering(one) for one in verdicts if one is not None) for verdicts in (before, after)]
    loads = [Load(*who, counted[0][who], counted[1][who]) for who in {*counted[0], *counted[1]}]
    return sorted(loads, key=lambda load: (load.kind != "grid", load.kind, load.code))

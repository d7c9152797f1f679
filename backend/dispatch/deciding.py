"""From (point, matter, moment) to the responsible grid and person: one question at a time, or many in a few queries."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings

from backend.areas import queries as areas
from backend.areas.duty.chain import DutyLine, Roster
from backend.areas.grounds import PUBLISHED, Ground
from backend.areas.models import Area, Boundary
from backend.dispatch import department_duty, reasons, rulings
from backend.dispatch.errors import OutsideServedArea
from backend.dispatch.foretold import Handed
from backend.dispatch.matching import Fitting, Question, fitting_rules
from backend.dispatch.models import Decision, Ruling
from backend.dispatch.rulings import Earlier, Remembered
from backend.dispatch.verdicts import Answer, Ask, Verdict, answer_of, candidates_of, chain_of, nearest
from backend.matters.models import Matter
from gis.locate import Kind, Located

# A report this close to the served area goes to triage (a fix may be that far off); one farther away is refused.
TRIAGE_REACH_M = 1_000.0

_Said = TypeVar("_Said", Verdict, Answer)
_NOTHING: Final = Handed()


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
    is_gap = located.kind is Kind.GAP
    answer = answer_of(matter, boundary, fitting, is_gap=is_gap, lines_of=lambda grid: areas.on_duty(grid.pk, at=now))
    (answer,) = _staffed([answer], [matter], [now])
    verdict = answer.at(located)
    if is_gap:
        return verdict
    return _informed(verdict, rulings.earlier_at(lon, lat, matter=matter, boundary=boundary, now=now))


def _staffed(
    verdicts: Sequence[_Said], asked: Sequence[Matter], moments: Sequence[datetime], *, handed: Handed = _NOTHING
) -> list[_Said]:
    """With whoever of the department is on duty, where a department answers."""
    staffed = list(verdicts)
    places = [place for place, one in enumerate(verdicts) if one.department is not None]
    questions = [
        department_duty.Question(department.pk, verdicts[place].area.path, asked[place], moments[place])
        for place in places
        if (department := verdicts[place].department) is not None
    ]
    lying = [verdicts[place].area for place in places]
    for place, found in zip(places, handed.on_duty(questions, lying), strict=True):
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
    ruling: Ruling,
    *,
    to_grid: Area | None,
    lon: float,
    lat: float,
    accuracy_m: float | None,
    matter: Matter,
    now: datetime,
) -> Verdict:
    """The verdict for the very case that was ruled on: the chain of `to_grid` or the named department answers."""
    located = areas.locate(lon, lat, accuracy_m=accuracy_m, snap_m=settings.DISPATCH_SNAP_M, now=now)
    grid = to_grid or areas.boundary_of(UUID(str(located.id or located.parent_id))).area
    lines = areas.on_duty(grid.pk, at=now) if to_grid and ruling.department is None else ()
    chosen = next((line for line in lines if not line.is_absent), None)
    owner = Decision.Owner.WORKER if chosen else Decision.Owner.COMMUNITY_DESK
    if ruling.department is not None:
        owner = Decision.Owner.DEPARTMENT
    names = rulings.owner_names(ruling.department, to_grid)
    text_zh, text_en = reasons.ruled(ruling, names=names, lines=lines, chosen=chosen)
    verdict = Verdict(
        rule="dispute_ruling",
        kind=located.kind,
        area=grid,
        grid=to_grid,
        boundary=areas.boundary_in_force(grid, now=now),
        border_m=located.border_m,
        candidates=candidates_of(located),
        owner=owner,
        worker=chosen.worker if chosen else None,
        department=ruling.department,
        duty_chain=chain_of(lines),
        text_zh=text_zh,
        text_en=text_en,
    )
    return _staffed([verdict], [matter], [now])[0]


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
    handed: Handed = _NOTHING,
) -> list[Verdict | None]:
    """The second half of `decide_many`, each as of its own moment: rules and duty, for points that are located once.

    Without `remembered` the words leave earlier rulings out. The points were located on the same `ground`. `handed`:
    rules and department duty that name another area on this ground than in the table.
    """
    boundaries = ground.boundaries_of({pk for one in located for pk in (one.id or one.parent_id,) if pk is not None})
    grounds = [boundaries.get(one.id or one.parent_id) for one in located]
    served = [place for place, ground in enumerate(grounds) if ground is not None]
    lying = [held.area for held in grounds if held is not None]
    fitting = dict(zip(served, handed.fitting_rules(_questions(asks, grounds, moments), lying), strict=True))
    roster = _roster(ground, grounds, fitting, moments)
    outside = _near_or_none(asks, [place for place, held in enumerate(grounds) if held is None], moments, ground)
    answers = _answers(asks, located, grounds, fitting=fitting, moments=moments, roster=roster, handed=handed)
    verdicts: list[Verdict | None] = []
    for place, (ask, held) in enumerate(zip(asks, grounds, strict=True)):
        if held is None:
            verdicts.append(outside[place])
            continue
        verdict = answers[place].at(located[place])
        if remembered is not None and located[place].kind is not Kind.GAP:
            earlier = remembered.earlier_at(ask.lon, ask.lat, matter=ask.matter, boundary=held)
            verdict = _informed(verdict, earlier)
        verdicts.append(verdict)
    return verdicts


def _answers(
    asks: Sequence[Ask],
    located: Sequence[Located],
    grounds: Sequence[Boundary | None],
    *,
    fitting: Mapping[int, Sequence[Fitting]],
    moments: Sequence[datetime],
    roster: Callable[[datetime, Area], Sequence[DutyLine]],
    handed: Handed,
) -> dict[int, Answer]:
    """What answers at each served place; made once for all places that can't differ."""
    numbers: dict[Hashable, int] = {}
    number_of: dict[int, int] = {}
    made: list[Answer] = []
    firsts: list[int] = []
    for place, rules in fitting.items():
        held, matter, at = grounds[place], asks[place].matter, moments[place]
        if held is None:
            continue
        is_gap = located[place].kind is Kind.GAP
        key = (matter.pk, held.pk, is_gap, at, *map(id, rules))
        number = number_of[place] = numbers.setdefault(key, len(numbers))
        if number == len(made):
            firsts.append(place)
            made.append(answer_of(matter, held, rules, is_gap=is_gap, lines_of=partial(roster, at)))
    asked = [asks[place].matter for place in firsts], [moments[place] for place in firsts]
    staffed = _staffed(made, *asked, handed=handed)
    return {place: staffed[number] for place, number in number_of.items()}


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
        place: None if found.id is None else nearest(found, boundaries[found.id].area)
        for place, found in zip(places, near, strict=True)
    }


def _triage(lon: float, lat: float, *, now: datetime) -> Verdict:
    near = areas.locate(lon, lat, accuracy_m=None, snap_m=TRIAGE_REACH_M, now=now)
    if near.id is None:
        raise OutsideServedArea(
            "the point lies outside the area that is served; check the position and its coordinate system",
            field="location",
        )
    return nearest(near, areas.boundary_of(UUID(str(near.id))).area)

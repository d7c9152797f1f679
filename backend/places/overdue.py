"""Coverage over weeks: when each place was last looked at, what is due next, what nobody looked at for long.

A look is a visit that met its duty (`last_visit_on`); a door that nobody opened is none. No figure is about a worker.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, Max, OuterRef, Q
from django.db.models.functions import Coalesce

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.places.models import Place, VisitDuty

# The map and the list show the longest unseen first; what is beyond is counted and said.
MOST_PLACES = 3000
# Who may see that somebody's home is visited, and why; the others plan and check, they don't call.
HOME_ROLES = frozenset({Role.COMMUNITY, Role.STREET, Role.SYSTEM})
_NEVER = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One duty of a place; `overdue_days` is 0 until the day after `next_due_on`. None: never visited."""

    target: str
    interval_days: int
    last_visit_on: date | None
    next_due_on: date
    overdue_days: int


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place with its duties in force. `unseen_days` is None when nobody ever looked."""

    place: Place
    last_look_on: date | None
    unseen_days: int | None
    next_due_on: date
    overdue_days: int
    duties: list[DutyLine]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found, the longest unseen first; the counts are over all places of the scope, shown or not."""

    places: int
    found: int
    overdue: int
    never: int
    lines: list[PlaceLine]


def coverage(actor: Actor, *, today: date, unseen_days: int, grid_code: str = "", limit: int = MOST_PLACES) -> Coverage:
    """Places of the actor's areas that nobody looked at for at least `unseen_days`; 0 finds all.

    A place counts when a visit duty of it is in force today. Never looked at counts as unseen for ever.
    Homes are in the counts; which homes, and for what, only HOME_ROLES see.
    """
    in_force = VisitDuty.objects.filter(starts_on__lte=today).filter(Q(ends_on=None) | Q(ends_on__gte=today))
    known = Place.objects.visible_to(actor).filter(is_active=True)
    known = known.filter(Exists(in_force.filter(place=OuterRef("pk"))))
    if grid_code:
        known = known.filter(grid__code=grid_code)
    ours = in_force.filter(place__in=known)
    dated = known.annotate(seen_on=Coalesce(Max("visit_duties__last_visit_on"), _NEVER))
    found = dated.filter(seen_on__lte=today - timedelta(days=unseen_days)) if unseen_days else dated
    shown = found if actor.role in HOME_ROLES else found.exclude(kind=Place.Kind.RESIDENCE)
    rows = list(shown.select_related("grid").order_by("seen_on", "code")[:limit])
    duties: dict[object, list[VisitDuty]] = defaultdict(list)
    for duty in in_force.filter(place__in=[place.pk for place in rows]).order_by("target"):
        duties[duty.place_id].append(duty)
    dates = ours.only("place_id", "last_visit_on", "interval_days", "starts_on")
    overdue = {duty.place_id for duty in dates if due_on(duty) < today}
    return Coverage(
        places=known.count(),
        found=found.count(),
        overdue=len(overdue),
        never=dated.filter(seen_on=_NEVER).count(),
        lines=[_line(place, duties[place.pk], today) for place in rows],
    )


@dataclass(frozen=True, slots=True)
class GridCount:
    """Places of a grid with a duty in force: all, those unseen for so many days, those with an overdue duty."""

    places: int
    unseen: int
    overdue: int


NOTHING = GridCount(0, 0, 0)


def counts_by_grid(actor: Actor, *, today: date, unseen_days: int, path: str) -> dict[str, GridCount]:
    """Counts by code of the grids under `path` that are the actor's; homes are in them."""
    return {
        code: GridCount(
            places=len(lines),
            unseen=sum(_is_unseen(line, unseen_days) for line in lines),
            overdue=sum(line.overdue_days > 0 for line in lines),
        )
        for code, lines in _lines_by_grid(actor, today=today, path=path).items()
    }


def waiting_places(
    actor: Actor, *, today: date, unseen_days: int, path: str, limit: int = MOST_PLACES
) -> list[PlaceLine]:
    """Places under `path` that are unseen for so many days or overdue, the longest unseen first; homes are left out."""
    lines = [line for found in _lines_by_grid(actor, today=today, path=path).values() for line in found]
    waiting = [line for line in lines if _is_unseen(line, unseen_days) or line.overdue_days > 0]
    shown = [line for line in waiting if line.place.kind != Place.Kind.RESIDENCE]
    return sorted(shown, key=lambda line: (line.last_look_on or _NEVER, line.place.code))[:limit]


def _is_unseen(line: PlaceLine, days: int) -> bool:
    return line.unseen_days is None or line.unseen_days >= days


def _lines_by_grid(actor: Actor, *, today: date, path: str) -> dict[str, list[PlaceLine]]:
    known = Place.objects.visible_to(actor).filter(is_active=True, grid__path__startswith=path)
    in_force = VisitDuty.objects.filter(starts_on__lte=today).filter(Q(ends_on=None) | Q(ends_on__gte=today))
    duties: dict[Place, list[VisitDuty]] = defaultdict(list)
    for duty in in_force.filter(place__in=known).select_related("place__grid").order_by("place__code", "target"):
        duties[duty.place].append(duty)
    found: dict[str, list[PlaceLine]] = defaultdict(list)
    for place, held in duties.items():
        looks = [duty.last_visit_on for duty in held if duty.last_visit_on]
        place.seen_on = max(looks, default=_NEVER)  # type: ignore[attr-defined]
        found[place.grid.code].append(_line(place, held, today))
    return found


def due_on(duty: VisitDuty) -> date:
    """The day by which the next visit is due; a duty that was never met is due on its first day."""
    if duty.last_visit_on is None:
        return duty.starts_on
    return duty.last_visit_on + timedelta(days=duty.interval_days)


def _line(place: Place, duties: list[VisitDuty], today: date) -> PlaceLine:
    lines = [
        DutyLine(
            target=duty.target,
            interval_days=duty.interval_days,
            last_visit_on=duty.last_visit_on,
            next_due_on=due_on(duty),
            overdue_days=max(0, (today - due_on(duty)).days),
        )
        for duty in duties
    ]
    seen = getattr(place, "seen_on", _NEVER)
    return PlaceLine(
        place=place,
        last_look_on=None if seen == _NEVER else seen,
        unseen_days=None if seen == _NEVER else (today - seen).days,
        next_due_on=min(line.next_due_on for line in lines),
        overdue_days=max(line.overdue_days for line in lines),
        duties=lines,
    )

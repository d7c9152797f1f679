"""Reads of disputes: the queue of a level, what asks a worker's neighbourly word, what was ruled there before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas import queries as areas
from backend.cases.disputes.access import get_dispute, with_sides
from backend.cases.disputes.raising import is_owners_to_return
from backend.cases.disputes.settling import is_asked, may_rule
from backend.cases.models import Case, Dispute
from backend.dispatch import ruling_places, rulings
from backend.dispatch.models import RulingPlace
from backend.dispatch.rulings import Earlier

__all__ = [
    "Dropped",
    "Earlier",
    "count_open",
    "get_dispute",
    "is_asked",
    "list_disputes",
    "may_rule",
    "moves_of",
    "return_refusal",
    "rulings_at",
]

PAGE_MOST: Final = 100
Dropped = RulingPlace.Dropped


def list_disputes(
    actor: Actor, *, states: Sequence[str] = (), level: str = "", after: tuple[datetime, UUID] | None = None, limit: int
) -> list[Dispute]:
    """The actor's disputes, the newest first, after the key of the page before; at most PAGE_MOST."""
    found = with_sides(Dispute.objects.visible_to(actor)).order_by("-raised_at", "-id")
    if states:
        found = found.filter(state__in=states)
    if level:
        found = found.filter(level=level)
    if after is not None:
        at, key = after
        found = found.filter(raised_at__lte=at).exclude(raised_at=at, pk__gte=key)
    return list(found[: min(limit, PAGE_MOST)])


def count_open(actor: Actor) -> int:
    return Dispute.objects.visible_to(actor).open().count()


def rulings_at(case: Case, *, now: datetime) -> list[Earlier]:
    """What was ruled at the place of this case before, its own ruling left out."""
    lon, lat = case.location.coords
    boundary = areas.boundary_in_force(case.grid, now=now) if case.grid else None
    found = rulings.earlier_at(lon, lat, matter=case.matter, boundary=boundary, now=now)
    return [one for one in found if one.ruling.case_id != case.pk]


def moves_of(dispute: Dispute) -> list[RulingPlace]:
    """What divisions have done since to the ruling that settled this dispute; none without a ruling."""
    return ruling_places.moves_of(dispute.ruling_id) if dispute.ruling_id else []


def return_refusal(case: Case, actor: Actor) -> str | None:
    """Why the actor can't send this case back now, as a code; None when they can. The state is the table's matter."""
    if not is_owners_to_return(case, actor):
        return "not_yours_to_return"
    newest = max(case.decisions.all(), key=lambda one: (one.at, one.pk), default=None)
    if newest is None:
        return "nothing_to_dispute"
    if newest.cause == "dispute":
        return "already_ruled"
    if any(one.decision_id == newest.pk for one in case.disputes.all()):
        return "already_returned"
    return None

"""What a town has settled about duty: the nearest area above counts."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from backend.accounts.actor import Actor
from backend.areas.errors import AreaNotFound
from backend.areas.models import Area, DutyPolicy
from backend.core import audit
from backend.core.errors import StaleVersion

_LEVELS = (Area.Level.CITY, Area.Level.COUNTY, Area.Level.STREET, Area.Level.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds in an area: `own` is what the area itself has settled (None: nothing), `holds` what counts there,
    `settled_by` the area that said so (None: nobody, so that work stays).
    """

    area: Area
    own: bool | None
    holds: bool
    settled_by: Area | None


def returns_work(area: Area) -> bool:
    """Whether unstarted work goes back when an absence ends; without a word from the town it stays."""
    found = DutyPolicy.objects.filter(area__path__in=_upwards(area.path)).order_by("-area__path").first()
    return found is not None and found.returns_work


def _upwards(path: str) -> list[str]:
    """The paths of an area and of everything above it, the highest first."""
    parts = path.rstrip(".").split(".")
    return [".".join(parts[:count]) + "." for count in range(1, len(parts) + 1)]


def policies(actor: Actor) -> list[Settled]:
    """What holds in each of the actor's areas, from the highest down to its communities; grids follow these."""
    own = Area.objects.visible_to(actor).filter(closed_at=None, level__in=_LEVELS)
    areas = list(own.order_by("path"))
    settled = {one.area.path: one for one in DutyPolicy.objects.select_related("area")}
    found = []
    for area in areas:
        nearest = next((settled[path] for path in reversed(_upwards(area.path)) if path in settled), None)
        held = settled.get(area.path)
        found.append(
            Settled(
                area,
                own=held.returns_work if held else None,
                holds=nearest is not None and nearest.returns_work,
                settled_by=nearest.area if nearest else None,
            )
        )
    return found


@transaction.atomic
def settle(*, actor: Actor, area_code: str, returns: bool | None, seen: bool | None, now: datetime) -> Settled:
    """Settles for an area whether work goes back; None takes the word back, so that the area above counts again.

    `seen` is what the area had settled when it was looked at. Raises AreaNotFound, StaleVersion (with the `present`).
    """
    visible = Area.objects.visible_to(actor).filter(closed_at=None, level__in=_LEVELS)
    area = visible.select_for_update(of=("self",)).filter(code=area_code).first()
    if area is None:
        raise AreaNotFound("no such area in your areas", field="area_code")
    held = DutyPolicy.objects.filter(area=area).first()
    present = held.returns_work if held else None
    if present != seen:
        raise StaleVersion("somebody was faster; look at it again", present={"returns_work": present})
    if present != returns:
        if returns is None:
            DutyPolicy.objects.filter(area=area).delete()
        else:
            DutyPolicy.objects.update_or_create(area=area, defaults={"returns_work": returns})
        audit.record(
            "duty_policy", actor_id=actor.user_id, role=actor.role.value, subject_kind="area", subject_id=area.pk,
            now=now, returns_work=returns, before=present,
        )  # fmt: skip
    return next(one for one in policies(actor) if one.area == area)

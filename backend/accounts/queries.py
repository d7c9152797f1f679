"""Reads about people: what they hold and what they agreed to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.accounts.models import Consent, Membership, User
from backend.accounts.roles import PRECEDENCE, Role


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area as it is named to a person."""

    code: str
    name: str
    name_en: str
    path: str
    level: str


@dataclass(frozen=True, slots=True)
class RoleLine:
    """One role that a person holds, and the areas of the memberships."""

    role: Role
    areas: tuple[AreaLine, ...]


def roles_held(user: User, *, now: datetime) -> list[RoleLine]:
    """Every role that the person holds now, highest first, each with its areas (for field roles: the employer's)."""
    memberships = Membership.objects.filter(user=user, valid__contains=now).select_related("area")
    areas: dict[str, list[AreaLine]] = {}
    for membership in memberships.order_by("area__path"):
        lines = areas.setdefault(membership.role, [])
        if membership.area is not None:
            area = membership.area
            lines.append(AreaLine(area.code, area.name, area.name_en, area.path, area.level))
    return [RoleLine(role, tuple(areas[role])) for role in PRECEDENCE if role in areas]


def consent_in_force(user_id: UUID, purpose: str) -> Consent | None:
    """The newest word of the person on this purpose; None when never asked."""
    return Consent.objects.filter(user_id=user_id, purpose=purpose).order_by("-at", "-id").first()

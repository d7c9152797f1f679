"""Builds the Actor of a request: memberships, and for field workers the grids that they are on duty for."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Membership, User
from backend.accounts.roles import FIELD_ROLES, PRECEDENCE, Role
from backend.areas.errors import RoleNotHeld
from backend.areas.models import Duty


def _by_rank(roles: Iterable[str]) -> list[Role]:
    held = {Role(role) for role in roles}
    return [role for role in PRECEDENCE if role in held]


def actor_for(user: User, *, role: Role | None, now: datetime) -> Actor:
    """The person in `role`, or in their highest one. Raises RoleNotHeld.

    Field roles see the grids of their duties (leader, worker, deputy) of this moment; the others the areas of their
    memberships. Read from the database at each request, so that a change of rights counts at once.
    """
    memberships = list(_memberships(user, now).select_related("area"))
    held = _by_rank(membership.role for membership in memberships)
    if not held or (role is not None and role not in held):
        raise RoleNotHeld("this person does not hold the role", role=role)
    chosen = role or held[0]
    acting = [membership for membership in memberships if membership.role == chosen]
    if chosen in FIELD_ROLES:
        duties = Duty.objects.filter(worker=user, valid__contains=now).select_related("grid").order_by("grid__path")
        paths = tuple(dict.fromkeys(duty.grid.path for duty in duties))
    else:
        paths = tuple(sorted(membership.area.path for membership in acting if membership.area))
    departments = [membership.department_id for membership in acting if membership.department_id]
    return Actor(
        user_id=user.pk,
        role=chosen,
        area_paths=paths,
        department_id=departments[0] if chosen is Role.DEPARTMENT and departments else None,
        name=str(user.name),
    )


def _memberships(user: User, now: datetime) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user, valid__contains=now)

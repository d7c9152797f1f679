"""Who may call what: every view says it for every method, and what is not said is refused.

    class CaseView(ApiView):
        authz = {"GET": allow("case", "read", *FIELD), "POST": allow("case", "act", Role.GRID_WORKER)}

`docs/authorisation.yaml` says the same in its own words; the sweep in `tests/authorisation` holds both together.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backend.accounts.actor import Actor
from backend.accounts.roles import CONSOLE_READERS, CONSOLE_ROLES, FIELD_ROLES, Role
from backend.core.errors import NotAllowed, NotAuthenticated

if TYPE_CHECKING:
    from rest_framework.views import APIView

FIELD = tuple(sorted(FIELD_ROLES))
CONSOLE = tuple(sorted(CONSOLE_ROLES))
READERS = tuple(sorted(CONSOLE_READERS))
PLANNERS = (Role.COMMUNITY, Role.STREET)
REVEALERS = (Role.COMMUNITY, Role.STREET, Role.DISTRICT)
SIGNED_IN = tuple(sorted(set(Role) - {Role.SYSTEM}))


class RoleMayNotCall(NotAllowed):
    """The role that the person acts in has no business here; another of their roles may."""

    code = "role_may_not"


@dataclass(frozen=True, slots=True)
class Allowed:
    """One method of one view: the resource and verb of the matrix, and who may call it."""

    resource: str
    verb: str
    roles: frozenset[Role]
    anonymous: bool


def allow(resource: str, verb: str, *roles: Role, anonymous: bool = False) -> Allowed:
    """Roles that may use `verb` on `resource`; `anonymous` adds people who are not signed in."""
    return Allowed(resource, verb, frozenset(roles), anonymous)


def allow_everybody(resource: str, verb: str) -> Allowed:
    """Anybody, signed in or not."""
    return allow(resource, verb, *SIGNED_IN, anonymous=True)


class DeclaredRoles(BasePermission):
    """Deny by default: a method without a declaration is refused."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method.lower() not in view.http_method_names or not hasattr(view, method.lower()):
            return True  # there is nothing to protect; the framework answers 405
        allowed: Allowed | None = getattr(view, "authz", {}).get(method)
        if allowed is None:
            raise RoleMayNotCall("nobody may call this")
        actor = getattr(request._request, "actor", None)
        if actor is None:
            if not allowed.anonymous:
                raise NotAuthenticated("sign in first")
        elif actor.role not in allowed.roles:
            raise RoleMayNotCall(f"{actor.role} may not {allowed.verb} {allowed.resource}", role=actor.role)
        return True


ANONYMOUS = Actor(user_id=None, role=Role.RESIDENT)


def actor_of(request: Request) -> Actor:
    """Who acts in this request; somebody who is not signed in acts as a resident without a user."""
    request.user  # noqa: B018 - authenticates, where nothing has asked for it yet
    return getattr(request._request, "actor", None) or ANONYMOUS

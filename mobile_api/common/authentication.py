"""From a token or a session to the Actor of the request. Rights are read from the database each time."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from backend.accounts import access, services
from backend.accounts.errors import TokenNotValid
from backend.accounts.roles import Role
from backend.areas.actors import actor_for
from backend.areas.errors import RoleNotHeld

ROLE_HEADER = "HTTP_X_GRIDWARD_ROLE"


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>` of a phone."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenNotValid("send `Authorization: Bearer <token>`")
        now = timezone.now()
        device = access.device_of_token(token.strip(), now=now)
        _become(request._request, device.user, now)
        return device.user, device

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gridward"'


class ConsoleSessionAuthentication(SessionAuthentication):
    """The session cookie of a browser; writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None:
            _become(request._request, found[0], timezone.now())
        return found

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied("Send the CSRF token in X-CSRFToken.", code="csrf_failed") from error


def _become(request: HttpRequest, user: Any, now: datetime) -> None:
    """Puts the Actor on the request; `X-Gridward-Role` chooses another role that the person holds."""
    asked = request.META.get(ROLE_HEADER, "").strip()
    if asked and asked not in set(Role):
        raise RoleNotHeld("this person does not hold the role", role=asked[:20])
    request.actor = actor_for(user, role=Role(asked) if asked else None, now=now)  # type: ignore[attr-defined]
    if asked:
        services.note_role_use(request.actor, now=now)  # type: ignore[attr-defined]

"""Opaque page marks: signed, bound to the person and the address that they were given for."""

from typing import Any

from django.core import signing
from rest_framework.request import Request

from backend.core.errors import Invalid
from mobile_api.common.permissions import actor_of

PAGE_MAX = 200
PAGE = 50
_SALT = "gridward.cursor"


class CursorNotValid(Invalid):
    """The mark is forged, damaged, or was given to somebody else or for another list."""

    code = "cursor_not_valid"


def cursor_for(request: Request, key: list[Any]) -> str:
    """The mark after the row with this sort key."""
    return signing.dumps({"of": _owner(request), "key": key}, salt=_SALT, compress=True)


def key_of(request: Request, cursor: str) -> list[Any] | None:
    """The sort key inside a mark; None without one. Raises CursorNotValid."""
    if not cursor:
        return None
    try:
        said = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise CursorNotValid("begin again at the first page", field="cursor") from error
    if said["of"] != _owner(request):
        raise CursorNotValid("begin again at the first page", field="cursor")
    return list(said["key"])


def _owner(request: Request) -> str:
    actor = actor_of(request)
    match = request._request.resolver_match
    return f"{actor.user_id}/{actor.role}/{match.route if match else ''}"

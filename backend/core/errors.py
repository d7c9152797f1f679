"""Errors of the domain: a stable code, facts for the client, a text that says what to do next.

Which HTTP status a kind gets stands in one table at the edge (`mobile_api.common.problem`).
"""

from typing import Any


class DomainError(Exception):
    """Base of all refusals. `code` never changes; `detail` is for people; `facts` are for programs."""

    code = "refused"

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFound(DomainError):
    """Missing, or outside the actor's scope: both look the same from outside."""

    code = "not_found"


class NotAllowed(DomainError):
    """The actor is known and sees the thing, but may not do this."""

    code = "not_allowed"


class NotAuthenticated(DomainError):
    """Nobody is signed in, or the token no longer holds."""

    code = "not_authenticated"


class Conflict(DomainError):
    """The world has moved on; the client should fetch the present state and decide again."""

    code = "conflict"


class Invalid(DomainError):
    """What was sent can't be used. `field` in the facts names the part."""

    code = "invalid"


class TooMany(DomainError):
    """A limit on attempts or size is reached; `retry_after_s` says how long to wait, where waiting helps."""

    code = "too_many"


class Unavailable(DomainError):
    """A part that this needs is down just now; the same request may work later."""

    code = "unavailable"


class IdReused(Invalid):
    """This id was used before with another content."""

    code = "id_reused"


class StaleVersion(Conflict):
    """The row has a newer version than the one that the client decided on."""

    code = "stale_version"

"""The only way from a token to the person who holds it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.errors import TokenNotValid
from backend.accounts.models import Device, Token, User
from backend.accounts.roles import PRECEDENCE, Role
from backend.core.errors import NotFound
from backend.core.prepared import Prepared

_SEEN_EVERY = timedelta(minutes=5)
_BEARER = Prepared(
    "bearer_of",
    """
SELECT device.user_id, device.last_seen_at, token.used_at, ARRAY(
    SELECT role FROM accounts_membership WHERE user_id = device.user_id AND valid @> %(now)s
)
FROM accounts_token token
JOIN accounts_device device ON device.id = token.device_id AND device.revoked_at IS NULL
JOIN accounts_user person ON person.id = device.user_id AND person.is_active
WHERE token.digest = %(digest)s AND token.kind = 'access' AND token.expires_at > %(now)s""",
    takes={"digest": "bytea", "now": "timestamptz"},
)


class UserNotFound(NotFound):
    """No such person."""

    code = "user_not_found"


def digest_of_token(token: str) -> bytes:
    """What the table keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def device_of_token(token: str, *, now: datetime) -> Device:
    """The signed-in device, with its user, of an access token. Raises TokenNotValid.

    Read at each request: a closed account, a revoked device and an ended token stop working at once.
    """
    found = (
        Token.objects.select_related("device__user")
        .filter(digest=digest_of_token(token), kind=Token.Kind.ACCESS, expires_at__gt=now)
        .filter(device__revoked_at=None, device__user__is_active=True)
        .first()
    )
    if found is None:
        raise TokenNotValid("sign in again, or use the refresh token")
    if found.used_at is None:
        Token.objects.filter(pk=found.pk, used_at=None).update(used_at=now)
    if now - found.device.last_seen_at > _SEEN_EVERY:
        Device.objects.filter(pk=found.device_id, last_seen_at__lt=now).update(last_seen_at=now)
    return found.device


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds an access token, in the highest role that they hold."""

    user_id: UUID
    role: Role


def bearer_of(token: str, *, now: datetime) -> Bearer | None:
    """`device_of_token` and the role in one statement, for doors where each call counts.

    As fresh: what is closed, revoked or ended stops at once. None when the token does not hold, when the person has
    no role, and now and then when the device is due to be noted as seen: `device_of_token` has the word then.
    """
    rows = _BEARER.rows(digest=digest_of_token(token), now=now)
    if not rows:
        return None
    user_id, last_seen_at, used_at, roles = rows[0]
    if used_at is None or now - last_seen_at > _SEEN_EVERY:
        return None
    role = next((role for role in PRECEDENCE if role in roles), None)
    return Bearer(user_id, role) if role else None


def get_user(user_id: UUID) -> User:
    """An active user. Raises UserNotFound."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserNotFound("no such person")
    return user

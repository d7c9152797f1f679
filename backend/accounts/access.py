"""The only way from a token to the person who holds it."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from backend.accounts.errors import TokenNotValid
from backend.accounts.models import Device, Token, User
from backend.core.errors import NotFound

_SEEN_EVERY = timedelta(minutes=5)


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


def get_user(user_id: UUID) -> User:
    """An active user. Raises UserNotFound."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise UserNotFound("no such person")
    return user

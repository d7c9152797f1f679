"""Keys of other systems: each system is a user of its own in the role `integration`, each key ends by itself."""

import re
import secrets
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.access import digest_of_token
from backend.accounts.errors import ApiKeyNotValid, BadSystemName
from backend.accounts.models import ApiKey, Membership, User
from backend.accounts.roles import Role
from backend.core import audit
from backend.core.ids import uuid7

PREFIX = "gwk_"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,40}")


@transaction.atomic
def issue_key(*, system: str, title: str, now: datetime) -> tuple[ApiKey, str]:
    """A new key for this system, which is made where it is not known yet. The text exists nowhere else.

    `system` is 2 to 41 small letters, digits and hyphens. Raises BadSystemName.
    """
    if not _NAME.fullmatch(system):
        raise BadSystemName("use 2 to 41 small letters, digits and hyphens", field="system")
    user, is_new = User.objects.get_or_create(username=f"system:{system}", defaults={"name": title or system})
    if is_new:
        valid = DateTimeTZRange(now, None)
        Membership.objects.create(user=user, role=Role.INTEGRATION.value, employment="staff", valid=valid)
    text = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(id=uuid7(), user=user, digest=digest_of_token(text), created_at=now)
    _note("api_key_issued", key, now)
    return key, text


def user_of_key(text: str) -> User:
    """The system that holds the key. Raises ApiKeyNotValid for one that is unknown or revoked."""
    found = ApiKey.objects.select_related("user").filter(
        digest=digest_of_token(text.strip()), revoked_at=None, user__is_active=True
    )
    key = found.first()
    if key is None:
        raise ApiKeyNotValid("this api_key is not valid", field="api_key")
    return key.user


@transaction.atomic
def revoke_keys(*, system: str, now: datetime) -> int:
    """Ends every key of the system at once; says how many there were."""
    keys = list(
        ApiKey.objects.select_for_update().filter(user__username=f"system:{system}", revoked_at=None).order_by("pk")
    )
    for key in keys:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        _note("api_key_revoked", key, now)
    return len(keys)


def _note(kind: str, key: ApiKey, now: datetime) -> None:
    audit.record(
        kind, actor_id=None, role=Role.SYSTEM.value, subject_kind="api_key", subject_id=key.pk, now=now, reason=""
    )

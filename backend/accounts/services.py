"""Signing in by password or one-time code, rotating tokens, consents.

Limits are counted from rows under an advisory lock per subject, so they hold exactly when many tries come at once and
need no Redis. A try is booked before the slow check of the password and taken back when it succeeds.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from backend.accounts.access import digest_of_token
from backend.accounts.actor import Actor
from backend.accounts.errors import (
    BadCredentials,
    CodeNotValid,
    PhoneNotValid,
    RefreshReused,
    TokenNotValid,
    TooManyAttempts,
    TooManyCodes,
)
from backend.accounts.models import Consent, Device, Membership, OneTimeCode, SignInAttempt, Token, User
from backend.accounts.roles import Role
from backend.core import audit, outbox
from backend.core.crypto import blind_index, encrypt
from backend.core.ids import uuid7
from backend.core.models import AuditEntry

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
# A phone whose answer was lost on the way asks again with the same token; nobody has used the new pair by then.
LOST_ANSWER_GRACE = timedelta(seconds=30)
ATTEMPT_WINDOW = timedelta(minutes=30)
TRIES_A_NAME_AND_ADDRESS = 5
TRIES_AN_ADDRESS = 60
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
CODE_PAUSE = timedelta(seconds=60)
CODES_A_PHONE_AND_DAY = 10
CODES_AN_ADDRESS_AND_HOUR = 30
# Personal Information Protection Law: consent (13), and separately for sensitive data such as tracks (29).
SEPARATE_CONSENT = "PIPL 13(1), 29"
_ROLE_USE_KEPT = timedelta(hours=12)

_MOBILE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """The phone as it names itself."""

    client_id: str
    name: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair that was just issued; the texts exist nowhere else."""

    user: User
    access: str
    refresh: str
    expires_in_s: int


def sign_in(*, username: str, password: str, device: DeviceSeen, address: str, now: datetime) -> Tokens:
    """Tokens for a phone. Raises BadCredentials, TooManyAttempts."""
    user = check_credentials(username=username, password=password, address=address, now=now)
    with transaction.atomic():
        tokens = _issue(_device_of(user, device, now), now)
        audit.record(
            "signed_in", actor_id=user.pk, role="", subject_kind="user", subject_id=user.pk, now=now, by="phone"
        )
    return tokens


def open_console_session(*, username: str, password: str, address: str, now: datetime) -> User:
    """The user whose browser session may begin. Raises BadCredentials, TooManyAttempts."""
    user = check_credentials(username=username, password=password, address=address, now=now)
    audit.record("signed_in", actor_id=user.pk, role="", subject_kind="user", subject_id=user.pk, now=now, by="session")
    return user


def check_credentials(*, username: str, password: str, address: str, now: datetime) -> User:
    """The active user with this name and password. Raises BadCredentials, TooManyAttempts."""
    subject = f"name:{username.lower()}"[:120]
    attempt = _book_attempt(subject=subject, address=address, now=now)
    user = User.objects.filter(username=username).first()
    fits = check_password(password, user.password if user else _nobodys_password())
    if user is None or not fits or not user.is_active:
        audit.record(
            "sign_in_failed", actor_id=user.pk if user else None, role="", subject_kind="user",
            subject_id=user.pk if user else "unknown", now=now, address=address,
        )  # fmt: skip
        raise BadCredentials("check the name and the password")
    SignInAttempt.objects.filter(pk=attempt.pk).delete()
    return user


@lru_cache
def _nobodys_password() -> str:
    """Compared against when the name is unknown, so that an unknown name takes as long as a wrong password."""
    return make_password(secrets.token_urlsafe(16))


@transaction.atomic
def _book_attempt(*, subject: str, address: str, now: datetime) -> SignInAttempt:
    _lock_subjects(f"address:{address}", f"{subject}@{address}")
    recent = SignInAttempt.objects.filter(address=address, at__gt=now - ATTEMPT_WINDOW)
    named = recent.filter(subject=subject)
    for tries, most in (
        (named, TRIES_A_NAME_AND_ADDRESS),
        (recent.filter(subject__startswith="name:"), TRIES_AN_ADDRESS),
    ):
        oldest_first = list(tries.order_by("at").values_list("at", flat=True)[: most + 1])
        if len(oldest_first) >= most:
            wait_s = int((oldest_first[0] + ATTEMPT_WINDOW - now).total_seconds()) + 1
            raise TooManyAttempts("wait, then try again", retry_after_s=wait_s)
    return SignInAttempt.objects.create(subject=subject, address=address, at=now)


def _lock_subjects(*subjects: str) -> None:
    """Serialises counting per subject until the transaction ends; one order, so that two never wait for each other."""
    keys = sorted(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], signed=True) for subject in subjects)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def _device_of(user: User, seen: DeviceSeen, now: datetime) -> Device:
    """The user's device under its own id; signing in on it begins a new family of tokens."""
    device, is_new = Device.objects.select_for_update().get_or_create(
        user=user,
        client_id=seen.client_id,
        defaults={"name": seen.name, "platform": seen.platform, "created_at": now, "last_seen_at": now},
    )
    if not is_new:
        device.name, device.platform, device.last_seen_at, device.revoked_at = seen.name, seen.platform, now, None
        device.save(update_fields=["name", "platform", "last_seen_at", "revoked_at"])
        device.tokens.all().delete()
    return device


def _issue(device: Device, now: datetime) -> Tokens:
    access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    Token.objects.bulk_create(
        Token(device=device, kind=kind, digest=digest_of_token(text), created_at=now, expires_at=now + life)
        for kind, text, life in (
            (Token.Kind.ACCESS, access, ACCESS_LIFE),
            (Token.Kind.REFRESH, refresh, REFRESH_LIFE),
        )
    )
    return Tokens(device.user, access, refresh, int(ACCESS_LIFE.total_seconds()))


def refresh_tokens(*, refresh: str, now: datetime) -> Tokens:
    """A new pair for a refresh token, which works once. Raises TokenNotValid, RefreshReused.

    A second use ends every token of the device, unless it comes within half a minute while nothing of the new pair was
    used: that is a phone whose answer was lost.
    """
    tokens = _rotate(refresh=refresh, now=now)
    if tokens is None:
        raise RefreshReused("this device was signed out; sign in again")
    return tokens


@transaction.atomic
def _rotate(*, refresh: str, now: datetime) -> Tokens | None:
    """None: the token was used before, and the device is signed out now (which has to be committed)."""
    found = Token.objects.filter(digest=digest_of_token(refresh), kind=Token.Kind.REFRESH).first()
    if found is None:
        raise TokenNotValid("sign in again")
    device = Device.objects.select_for_update(of=("self",)).select_related("user").get(pk=found.device_id)
    token = Token.objects.filter(pk=found.pk, expires_at__gt=now).first()
    if token is None or device.revoked_at is not None or not device.user.is_active:
        raise TokenNotValid("sign in again")
    if token.used_at is not None and not _answer_was_lost(token, now):
        _end_device(device, now)
        audit.record(
            "refresh_reused", actor_id=device.user_id, role="", subject_kind="device", subject_id=device.pk, now=now
        )
        return None
    if token.used_at is None:
        token.used_at = now
        token.save(update_fields=["used_at"])
    return _issue(device, now)


def _answer_was_lost(token: Token, now: datetime) -> bool:
    if token.used_at is None or now - token.used_at > LOST_ANSWER_GRACE:
        return False
    newer = Token.objects.filter(device_id=token.device_id, created_at__gte=token.used_at).exclude(pk=token.pk)
    return not newer.filter(used_at__isnull=False).exists()


@transaction.atomic
def revoke(*, refresh: str, now: datetime) -> None:
    """Signs the device of this refresh token out. An unknown token is no error: the caller wanted it gone."""
    token = (
        Token.objects.select_related("device").filter(digest=digest_of_token(refresh), kind=Token.Kind.REFRESH).first()
    )
    if token is not None:
        _end_device(token.device, now)
        audit.record(
            "signed_out",
            actor_id=token.device.user_id,
            role="",
            subject_kind="device",
            subject_id=token.device_id,
            now=now,
        )


def _end_device(device: Device, now: datetime) -> None:
    Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now)
    device.tokens.all().delete()


def clean_phone(phone: str) -> str:
    """A mainland mobile number as 11 digits; full-width digits, spaces and +86 are accepted. Raises PhoneNotValid.

    >>> clean_phone("+86 138 1234 5678")
    '13812345678'
    """
    digits = re.sub(r"[\s()\-]", "", unicodedata.normalize("NFKC", phone))
    digits = re.sub(r"^(\+86|0086)", "", digits)
    if not _MOBILE.fullmatch(digits):
        raise PhoneNotValid("a mobile number has 11 digits and begins with 13 to 19", field="phone")
    return digits


@transaction.atomic
def send_code(*, phone: str, address: str, now: datetime) -> int:
    """Owes a six-digit code to the phone; returns for how many seconds it holds. Raises PhoneNotValid, TooManyCodes.

    The code and the number leave in the outbox encrypted (topic `one_time_code`: `phone` and `code`, hex of
    `core.crypto.encrypt`), and the table keeps only a keyed digest.
    """
    number = clean_phone(phone)
    index = blind_index(number)
    subject = f"code:{index.hex()}"
    _lock_subjects(subject, f"codes-from:{address}")
    _refuse_too_many_codes(subject, address, now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    row = OneTimeCode(id=uuid7(), phone_index=index, created_at=now, expires_at=now + CODE_LIFE)
    row.digest = _code_digest(row.pk, code)
    row.save(force_insert=True)
    SignInAttempt.objects.create(subject=subject, address=address, at=now)
    outbox.owe(
        "one_time_code", row.pk, now=now, phone=encrypt(number).hex(), code=encrypt(code).hex(),
        expires_at=row.expires_at.isoformat(),
    )  # fmt: skip
    return int(CODE_LIFE.total_seconds())


def _refuse_too_many_codes(subject: str, address: str, now: datetime) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    sent = SignInAttempt.objects.filter(subject=subject)
    from_here = SignInAttempt.objects.filter(subject__startswith="code:", address=address)
    for rows, window, most in (
        (sent, CODE_PAUSE, 1),
        (sent, day, CODES_A_PHONE_AND_DAY),
        (from_here, hour, CODES_AN_ADDRESS_AND_HOUR),
    ):
        times = list(rows.filter(at__gt=now - window).order_by("-at").values_list("at", flat=True)[:most])
        if len(times) >= most:
            wait_s = int((times[-1] + window - now).total_seconds()) + 1
            raise TooManyCodes("wait before asking for another code", retry_after_s=wait_s)


def _code_digest(row_id: UUID, code: str) -> bytes:
    return blind_index(f"{row_id}:{code}")


def verify_code(*, phone: str, code: str, device: DeviceSeen, now: datetime) -> Tokens:
    """Tokens for the resident with this phone, who is created at the first use. Raises PhoneNotValid, CodeNotValid."""
    number = clean_phone(phone)
    index = blind_index(number)
    row = (
        OneTimeCode.objects.filter(phone_index=index, used_at=None, expires_at__gt=now).order_by("-created_at").first()
    )
    counted = row is not None and bool(
        OneTimeCode.objects.filter(pk=row.pk, tries__lt=CODE_TRIES, used_at=None).update(tries=F("tries") + 1)
    )
    if row is None or not counted or not secrets.compare_digest(bytes(row.digest), _code_digest(row.pk, code.strip())):
        raise CodeNotValid("ask for a new code", field="code")
    with transaction.atomic():
        if not OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
            raise CodeNotValid("ask for a new code", field="code")
        user = _resident_with(number, index, now)
        tokens = _issue(_device_of(user, device, now), now)
        audit.record(
            "signed_in",
            actor_id=user.pk,
            role=Role.RESIDENT,
            subject_kind="user",
            subject_id=user.pk,
            now=now,
            by="code",
        )
    return tokens


def _resident_with(number: str, index: bytes, now: datetime) -> User:
    residents = User.objects.filter(phone_index=index, username__startswith="resident:")
    user = residents.first()
    if user is not None:
        if not user.is_active:
            raise CodeNotValid("ask for a new code", field="code")
        return user
    try:
        with transaction.atomic():
            row_id = uuid7()
            user = User(id=row_id, username=f"resident:{row_id}", phone=number, phone_index=index)
            user.set_unusable_password()
            user.save(force_insert=True)
            Membership.objects.create(user=user, role=Role.RESIDENT, valid=(now, None))
    except IntegrityError:
        return residents.get()  # two codes of one phone at once: the other made the row
    return user


@transaction.atomic
def set_consent(*, actor: Actor, purpose: str, notice_version: str, granted: bool, now: datetime) -> Consent:
    """Adds the person's yes or no; the newest row counts, older ones stay as proof."""
    assert actor.user_id is not None
    consent = Consent.objects.create(
        user_id=actor.user_id,
        purpose=purpose,
        notice_version=notice_version,
        granted=granted,
        legal_basis=SEPARATE_CONSENT if granted else "",
        at=now,
    )
    audit.record(
        "consent_given" if granted else "consent_withdrawn",
        actor_id=actor.user_id, role=actor.role, subject_kind="consent", subject_id=consent.pk, now=now,
        purpose=purpose, notice_version=notice_version,
    )  # fmt: skip
    outbox.owe("consent_changed", consent.pk, now=now, user_id=str(actor.user_id), purpose=purpose, granted=granted)
    return consent


def note_role_use(actor: Actor, *, now: datetime) -> None:
    """Puts it on record, once in twelve hours, that a person acts in another role than their highest."""
    known = AuditEntry.objects.filter(
        actor_id=actor.user_id, action="role_used", role=actor.role, at__gt=now - _ROLE_USE_KEPT
    )
    if not known.exists():
        audit.record(
            "role_used", actor_id=actor.user_id, role=actor.role, subject_kind="user", subject_id=actor.user_id, now=now
        )


@transaction.atomic
def forget_expired(*, now: datetime) -> int:
    """Deletes tokens, codes and counted tries that can no longer matter; returns how many rows went."""
    old_tokens = Token.objects.filter(expires_at__lt=now - timedelta(days=1))
    old_codes = OneTimeCode.objects.filter(expires_at__lt=now - timedelta(days=1))
    old_tries = SignInAttempt.objects.filter(at__lt=now - timedelta(days=2))
    return sum(rows.delete()[0] for rows in (old_tokens, old_codes, old_tries))

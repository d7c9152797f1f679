"""What stands between a stranger and the town: limits that count, addresses that run out, headers, equal answers."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from redis.exceptions import ConnectionError as RedisIsAway
from rest_framework.response import Response
from rest_framework.test import APIClient

from backend.accounts import services
from backend.accounts.errors import BadCredentials, CodeNotValid, TooManyAttempts, TooManyCodes
from backend.accounts.models import OneTimeCode, User
from backend.cases import access
from backend.cases.models import Case
from backend.core.crypto import decrypt
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from mobile_api.common.throttles import HourlyLimit
from tests.conftest import ClientOf
from tests.mobile_api.conftest import picture, report_of
from tests.tables import unchanged
from tests.world import PASSWORD, World

HERE = "203.0.113.7"
PHONE = services.DeviceSeen(client_id="d")


def uploaded(client: APIClient) -> dict[str, Any]:
    answer = client.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def reported_with(world: World, client: APIClient, photo: str, claim: str) -> Response:
    return client.post("/api/v1/reports", report_of(world, photos=[{"id": photo, "claim": claim}]), format="json")


# Photos


def test_the_address_of_a_photo_runs_out_after_five_minutes(world: World, anonymous: APIClient) -> None:
    address = uploaded(anonymous)["url"]
    assert django_settings.PHOTO_URL_SECONDS == 300
    for after_s, status in ((295, 200), (305, 404)):
        with time_machine.travel(time.time() + after_s, tick=False):
            assert anonymous.get(address).status_code == status


def test_the_claim_of_a_photo_is_no_address_and_belongs_to_one_photo(world: World, anonymous: APIClient) -> None:
    one, other = uploaded(anonymous), uploaded(anonymous)
    assert anonymous.get(f"/media/photos/{one['claim']}").status_code == 404
    with unchanged():
        refused = reported_with(world, anonymous, one["id"], other["claim"])
    assert (refused.status_code, refused.json()["code"]) == (422, "photo_not_claimable")
    with unchanged(), time_machine.travel(time.time() + 31 * 86_400, tick=False):
        late = reported_with(world, anonymous, one["id"], one["claim"])
    assert late.json()["code"] == "photo_not_claimable"
    assert reported_with(world, anonymous, one["id"], one["claim"]).status_code == 201
    again = reported_with(world, anonymous, one["id"], one["claim"])
    assert (again.status_code, again.json()["code"]) == (422, "photo_not_claimable")
    assert Case.objects.count() == 1


def test_other_bytes_under_the_id_of_a_photo_are_refused(world: World, anonymous: APIClient) -> None:
    stored = uploaded(anonymous)
    with unchanged():
        other = anonymous.post("/api/v1/photos", {"id": stored["id"], "file": picture(32, 32)}, format="multipart")
        same = anonymous.post("/api/v1/photos", {"id": stored["id"], "file": picture()}, format="multipart")
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")
    assert (same.status_code, same.json()["id"]) == (201, stored["id"])


# Limits of what nobody has to sign in for


def guess(client: APIClient) -> Response:
    return client.get("/api/v1/reports/track", {"number": "330281-20261118-0001", "code": "AAAAAAAA"})


def guess_to_rate(client: APIClient) -> Response:
    said = {"number": "330281-20261118-0001", "code": "AAAAAAAA", "responded": True, "solved": True, "satisfied": 1}
    return client.post("/api/v1/reports/track/rate", said, format="json")


def upload(client: APIClient) -> Response:
    return client.post("/api/v1/photos", {"id": str(uuid7()), "file": picture()}, format="multipart")


@pytest.mark.parametrize(
    ("scope", "call", "status"),
    [("photo", upload, 201), ("track", guess, 404), ("track", guess_to_rate, 404)],
    ids=["photos", "tracking codes", "tracking codes by rating"],
)
def test_the_third_call_in_an_hour_is_one_too_many(
    client_of: ClientOf, settings: Any, scope: str, call: Callable[[APIClient], Response], status: int
) -> None:
    settings.HOURLY_LIMITS = {**settings.HOURLY_LIMITS, scope: 2}
    # What the client writes itself before the address that our proxy saw changes nothing.
    clients = [APIClient(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 203.0.113.9") for number in range(3)]
    answers = [call(client) for client in clients]
    assert [answer.status_code for answer in answers] == [status, status, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 3600
    assert call(APIClient(HTTP_X_FORWARDED_FOR="203.0.113.10")).status_code == status
    assert call(client_of("resident:1", HTTP_X_FORWARDED_FOR="203.0.113.9")).status_code == status


def test_without_redis_the_door_stays_open(
    world: World, anonymous: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisIsAway

    settings.HOURLY_LIMITS = dict.fromkeys(settings.HOURLY_LIMITS, 0)
    monkeypatch.setattr(cache, "add", away)
    assert anonymous.post("/api/v1/reports", report_of(world), format="json").status_code == 201
    assert {one.scope for one in HourlyLimit.__subclasses__()} == set(settings.HOURLY_LIMITS)


def test_a_tracking_code_is_one_of_very_many_and_opens_one_case(world: World, anonymous: APIClient) -> None:
    told = [anonymous.post("/api/v1/reports", report_of(world), format="json").json() for _ in range(2)]
    assert len(access._ALPHABET) ** access.CODE_LENGTH > 2**39
    for number, code, status in (
        (told[0]["number"], told[0]["tracking_code"], 200),
        (told[0]["number"], told[1]["tracking_code"], 404),
        ("330281-20261118-9999", told[0]["tracking_code"], 404),
    ):
        assert anonymous.get("/api/v1/reports/track", {"number": number, "code": code}).status_code == status


# Signing in


def test_sixty_names_from_one_address_are_enough(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TRIES_AN_ADDRESS", 3)
    for name in ("a", "b", "c"):
        with pytest.raises(BadCredentials):
            services.check_credentials(username=name, password="x", address=HERE, now=now)
    with pytest.raises(TooManyAttempts):
        services.check_credentials(username="city", password=PASSWORD, address=HERE, now=now)
    assert services.check_credentials(username="city", password=PASSWORD, address="203.0.113.8", now=now)


def test_an_unknown_name_a_closed_account_and_a_wrong_password_take_the_same_work_and_look_the_same(
    world: World, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    compare = services.check_password
    monkeypatch.setattr(services, "check_password", lambda given, kept: hashed.append(kept) or compare(given, kept))
    User.objects.filter(username="district").update(is_active=False)
    answers = []
    for name, password in (("city", "wrong"), ("nobody-of-this-name", "wrong"), ("district", PASSWORD)):
        said = {"username": name, "password": password, "device": {"id": "d"}}
        answers.append(anonymous.post("/api/v1/auth/token", said, format="json"))
    assert [answer.status_code for answer in answers] == [401] * 3
    assert len({str({**answer.json(), "request_id": ""}) for answer in answers}) == 1
    assert len(hashed) == 3
    assert all(kept.startswith("md5$") for kept in hashed)


def code_of(message: OutboxMessage) -> str:
    return decrypt(bytes.fromhex(message.payload["code"]))


def test_a_code_ends_after_five_minutes_and_works_once(db: None, now: datetime) -> None:
    services.send_code(phone="19900000123", address=HERE, now=now)
    code = code_of(OutboxMessage.objects.get())
    with pytest.raises(CodeNotValid):
        services.verify_code(phone="19900000124", code=code, device=PHONE, now=now)
    with pytest.raises(CodeNotValid):
        services.verify_code(phone="19900000123", code=code, device=PHONE, now=now + timedelta(minutes=5, seconds=1))
    in_time = now + timedelta(minutes=4, seconds=59)
    assert services.verify_code(phone="19900000123", code=code, device=PHONE, now=in_time).access
    with pytest.raises(CodeNotValid):
        services.verify_code(phone="19900000123", code=code, device=PHONE, now=in_time)


@pytest.mark.parametrize(
    ("limit", "phones", "pause"),
    [("CODES_A_PHONE_AND_DAY", ["19900000123"], timedelta(minutes=2)),
     ("CODES_AN_ADDRESS_AND_HOUR", ["19900000123", "19900000124", "19900000125", "19900000126"], timedelta(0))],
    ids=["a phone and day", "an address and hour"],
)  # fmt: skip
@pytest.mark.usefixtures("db")
def test_codes_are_limited(
    now: datetime, monkeypatch: pytest.MonkeyPatch, limit: str, phones: list[str], pause: timedelta
) -> None:
    monkeypatch.setattr(services, limit, 3)
    asked = [phones[number % len(phones)] for number in range(4)]
    for number, phone in enumerate(asked[:3]):
        services.send_code(phone=phone, address=HERE, now=now + number * pause)
    with pytest.raises(TooManyCodes):
        services.send_code(phone=asked[3], address=HERE, now=now + 3 * pause)
    assert OutboxMessage.objects.count() == 3


@pytest.mark.django_db(transaction=True, available_apps=django_settings.INSTALLED_APPS)
def test_many_guesses_at_once_are_five(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    services.send_code(phone="19900000123", address=HERE, now=now)
    code = code_of(OutboxMessage.objects.get())
    compared: list[str] = []
    digest = services._code_digest
    monkeypatch.setattr(services, "_code_digest", lambda row, guess: compared.append(guess) or digest(row, guess))

    def attempt(number: int) -> None:
        try:
            services.verify_code(phone="19900000123", code=f"{(int(code) + number) % 10**6:06d}", device=PHONE, now=now)
        except CodeNotValid:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(1, 25)))
    assert len(compared) == services.CODE_TRIES
    assert OneTimeCode.objects.get().tries == services.CODE_TRIES


# Headers

WANTED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@pytest.mark.parametrize("path", ["/api/v1/auth/session", "/api/v1/matters", "/api/v1/me", "/api/v1/nothing"])
def test_every_answer_tells_browsers_what_they_may_not(world: World, anonymous: APIClient, path: str) -> None:
    answer = anonymous.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert (policy["object-src"], policy["base-uri"], policy["form-action"]) == ("'none'", "'self'", "'self'")
    assert "script-src" not in policy
    wanted = dict(WANTED) if path != "/api/v1/nothing" else {k: v for k, v in WANTED.items() if k != "Cache-Control"}
    assert {name: answer.headers.get(name) for name in wanted} == wanted

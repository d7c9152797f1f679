"""Signing in: by password, by code, by session; tokens that rotate; limits that hold."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from backend.accounts import services
from backend.accounts.errors import BadCredentials, RefreshReused, TokenNotValid, TooManyAttempts
from backend.accounts.models import Device, SignInAttempt, Token, User
from backend.core.crypto import decrypt
from backend.core.models import AuditEntry, OutboxMessage
from tests.world import PASSWORD, World, make_world

PHONE = services.DeviceSeen("phone-1", "Worker's phone", "android")
HERE = "203.0.113.9"


def body(username: str, password: str = PASSWORD) -> dict[str, object]:
    return {"username": username, "password": password, "device": {"id": "phone-1", "name": "", "platform": "test"}}


def test_worker_signs_in_and_is_known(world: World, anonymous: APIClient) -> None:
    answer = anonymous.post("/api/v1/auth/token", body("worker-002011001"), format="json")
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 900
    me = APIClient(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}").get("/api/v1/me").json()
    assert me == answer.json()["actor"]
    assert me["role"] == "grid_worker"
    assert [area["code"] for area in me["areas"]] == ["330281002011001"]
    assert [area["name_en"] for area in me["areas"]] == [world.areas["330281002011001"].name_en] != [""]
    assert AuditEntry.objects.filter(action="signed_in", actor_id=me["user_id"]).count() == 1


@pytest.mark.parametrize("username", ["worker-002011001", "nobody"])
def test_wrong_password_and_unknown_name_look_the_same(world: World, anonymous: APIClient, username: str) -> None:
    answer = anonymous.post("/api/v1/auth/token", body(username, "wrong"), format="json")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
    assert Token.objects.count() == 0


def test_closed_account_is_out_at_once(world: World, client_of) -> None:
    client = client_of("worker:002011001")
    User.objects.filter(pk=world.people["worker:002011001"].pk).update(is_active=False)
    assert client.get("/api/v1/me").json()["code"] == "token_not_valid"


def test_the_sixth_try_waits(world: World, now: datetime) -> None:
    for _ in range(5):
        with pytest.raises(BadCredentials):
            services.sign_in(username="city", password="wrong", device=PHONE, address=HERE, now=now)
    with pytest.raises(TooManyAttempts) as refused:
        services.sign_in(username="city", password=PASSWORD, device=PHONE, address=HERE, now=now)
    assert refused.value.facts["retry_after_s"] == 1801
    later = now + timedelta(minutes=31)
    assert services.sign_in(username="city", password=PASSWORD, device=PHONE, address=HERE, now=later).access


def test_other_address_is_not_locked_out(world: World, now: datetime) -> None:
    for _ in range(5):
        with pytest.raises(BadCredentials):
            services.sign_in(username="city", password="wrong", device=PHONE, address=HERE, now=now)
    assert services.sign_in(username="city", password=PASSWORD, device=PHONE, address="198.51.100.1", now=now).access


@pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
def test_tries_are_counted_exactly_when_many_come_at_once(now: datetime) -> None:
    make_world(now)

    def attempt(_: int) -> str:
        try:
            services.sign_in(username="city", password="wrong", device=PHONE, address=HERE, now=now)
        except (BadCredentials, TooManyAttempts) as error:
            return error.code
        finally:
            connection.close()
        return "in"

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(attempt, range(24)))
    assert outcomes.count("bad_credentials") == services.TRIES_A_NAME_AND_ADDRESS
    assert outcomes.count("too_many_attempts") == 24 - services.TRIES_A_NAME_AND_ADDRESS
    assert SignInAttempt.objects.count() == services.TRIES_A_NAME_AND_ADDRESS


def test_refresh_rotates_and_reuse_signs_the_device_out(world: World, now: datetime) -> None:
    first = services.sign_in(username="city", password=PASSWORD, device=PHONE, address=HERE, now=now)
    second = services.refresh_tokens(refresh=first.refresh, now=now + timedelta(minutes=10))
    assert second.refresh != first.refresh
    with pytest.raises(RefreshReused):
        services.refresh_tokens(refresh=first.refresh, now=now + timedelta(minutes=11))
    with pytest.raises(TokenNotValid):
        services.refresh_tokens(refresh=second.refresh, now=now + timedelta(minutes=11))
    assert Device.objects.get().revoked_at is not None


def test_a_lost_answer_does_not_sign_the_phone_out(world: World, now: datetime) -> None:
    first = services.sign_in(username="city", password=PASSWORD, device=PHONE, address=HERE, now=now)
    services.refresh_tokens(refresh=first.refresh, now=now)
    again = services.refresh_tokens(refresh=first.refresh, now=now + timedelta(seconds=20))
    services.refresh_tokens(refresh=again.refresh, now=now + timedelta(seconds=21))
    with pytest.raises(RefreshReused):  # by now the new pair was used, so this is somebody else
        services.refresh_tokens(refresh=first.refresh, now=now + timedelta(seconds=22))


def test_revoke_ends_every_token_of_the_device(world: World, anonymous: APIClient) -> None:
    tokens = anonymous.post("/api/v1/auth/token", body("city"), format="json").json()
    assert anonymous.post("/api/v1/auth/token/revoke", {"refresh": tokens["refresh"]}, format="json").status_code == 204
    for client in (APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}"),):
        assert client.get("/api/v1/me").status_code == 401


def code_in(message: OutboxMessage) -> str:
    return decrypt(bytes.fromhex(message.payload["code"]))


def test_resident_signs_in_by_code_and_is_made_once(db: None, anonymous: APIClient) -> None:
    for _ in range(2):
        OutboxMessage.objects.all().delete()
        SignInAttempt.objects.all().delete()
        sent = anonymous.post("/api/v1/auth/codes", {"phone": "+86 199 0000 0123"}, format="json")
        assert (sent.status_code, sent.json()) == (202, {"expires_in": 300})
        message = OutboxMessage.objects.get(topic="one_time_code")
        assert code_in(message) not in (message.payload["code"], message.payload["phone"])
        assert "19900000123" not in str(message.payload)
        verified = anonymous.post(
            "/api/v1/auth/codes/verify",
            {"phone": "19900000123", "code": code_in(message), "device": {"id": "d"}},
            format="json",
        )
        assert verified.status_code == 200
        assert verified.json()["actor"]["role"] == "resident"
        assert verified.json()["actor"]["phone_masked"] == "199****0123"
    assert User.objects.filter(username__startswith="resident:").count() == 1


def test_a_code_works_once_and_ends_after_five_tries(db: None, now: datetime) -> None:
    services.send_code(phone="19900000123", address=HERE, now=now)
    code = code_in(OutboxMessage.objects.get())
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(services.CodeNotValid):
            services.verify_code(phone="19900000123", code=wrong, device=PHONE, now=now)
    with pytest.raises(services.CodeNotValid):
        services.verify_code(phone="19900000123", code=code, device=PHONE, now=now)


@pytest.mark.parametrize(("after", "allowed"), [(30, False), (61, True)])
def test_a_phone_waits_a_minute_for_the_next_code(db: None, now: datetime, after: int, allowed: bool) -> None:
    services.send_code(phone="19900000123", address=HERE, now=now)
    again = now + timedelta(seconds=after)
    if allowed:
        services.send_code(phone="19900000123", address=HERE, now=again)
    else:
        with pytest.raises(services.TooManyCodes):
            services.send_code(phone="19900000123", address=HERE, now=again)
    assert OutboxMessage.objects.count() == 1 + allowed


def test_session_needs_the_csrf_token(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    credentials = {"username": "community-002011", "password": PASSWORD}
    refused = browser.post("/api/v1/auth/session", credentials, content_type="application/json")
    assert refused.status_code == 403
    assert browser.get("/api/v1/auth/session").json() == {"actor": None}
    token = browser.cookies["csrftoken"].value
    begun = browser.post(
        "/api/v1/auth/session", credentials, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert begun.json()["actor"]["role"] == "community"
    assert browser.get("/api/v1/me").json()["role"] == "community"
    without = browser.delete("/api/v1/auth/session")
    assert (without.status_code, without.json()["code"]) == (403, "csrf_failed")
    token = browser.cookies["csrftoken"].value
    assert browser.delete("/api/v1/auth/session", headers={"X-CSRFToken": token}).status_code == 204
    assert browser.get("/api/v1/me").status_code == 401


def test_a_role_that_is_not_held_is_refused(world: World, client_of) -> None:
    answer = client_of("worker:002011001").get("/api/v1/me", HTTP_X_GRIDWARD_ROLE="city")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_not_held")

"""Problems: one shape, stable codes, a Chinese text for every code there is."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

import backend
import maps
import mobile_api
from backend.core.errors import DomainError
from mobile_api.common.problem import STATUS, to_problem
from mobile_api.common.texts import ZH
from tests.world import PASSWORD, World


def refusals(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from refusals(child)


def every_refusal() -> list[type[DomainError]]:
    for package in (backend, maps, mobile_api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("wsgi", "manage")) and ".migrations" not in module.name:
                importlib.import_module(module.name)
    return list(refusals())


def test_every_code_has_a_chinese_text() -> None:
    assert sorted({kind.code for kind in every_refusal()} - set(ZH)) == []


def test_every_refusal_has_a_status() -> None:
    assert [kind for kind in every_refusal() if not issubclass(kind, tuple(STATUS))] == []


@pytest.mark.parametrize(("language", "title"), [("en", "Not found"), ("zh-CN", "未找到"), ("fr", "未找到")])
def test_an_address_that_does_not_exist_is_a_problem_too(db: None, language: str, title: str) -> None:
    response = Client().get("/api/v1/nowhere", headers={"Accept-Language": language, "X-Request-Id": "abcdefgh-1"})
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["title"], problem["request_id"]) == ("not_found", title, "abcdefgh-1")


def test_a_bug_tells_its_request_id_and_nothing_else(world: World, client_of, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    client = client_of("worker:002011001")
    client.raise_request_exception = False
    monkeypatch.setattr("mobile_api.auth.presenters.actor_facts", broken)
    response = client.get("/api/v1/me")
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert "secret" not in response.content.decode()
    assert response.json()["request_id"] == response["X-Request-Id"]


def test_a_database_that_is_away_says_when_to_come_back() -> None:
    response = to_problem(OperationalError("connection refused: host 10.0.0.1"), {})
    assert response is not None
    assert (response.status_code, response["Retry-After"], response.data["code"]) == (503, "5", "unavailable")
    assert "10.0.0.1" not in str(response.data)


def test_every_refused_field_is_named_by_its_place(db: None, anonymous: APIClient) -> None:
    body = {"matter": "x", "location": {"lon": "121", "lat": 30.05, "crs": "utm"}, "photos": [{"id": "x"}]}
    problem = anonymous.post("/api/v1/reports", body, format="json").json()
    found = {error["pointer"]: error["code"] for error in problem["errors"]}
    assert found == {
        "#/id": "required", "#/matter": "invalid", "#/location/lon": "not_a_number", "#/location/crs": "unknown_crs",
        "#/photos/0/id": "invalid", "#/photos/0/claim": "required",
    }  # fmt: skip


def test_options_and_trace_are_not_served(db: None, anonymous: APIClient) -> None:
    assert anonymous.options("/api/v1/matters").json()["code"] == "method_not_allowed"
    assert anonymous.generic("TRACE", "/api/v1/matters").status_code == 405


def test_ready_names_the_parts(db: None, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = anonymous.get("/readyz")
    assert (ready.status_code, set(ready.json()["parts"].values())) == (200, {"ok"})
    monkeypatch.setitem(__import__("mobile_api.service.health", fromlist=["CHECKS"]).CHECKS, "redis", _away)
    answer = anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["redis"]) == (503, "ConnectionError")
    assert anonymous.get("/healthz").json() == {"alive": True}


def test_the_description_and_its_page_are_served(db: None, anonymous: APIClient) -> None:
    document = anonymous.get("/api/schema/", {"format": "json"}).json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/api/v1/me"]["get"]["x-authz"]["resource"] == "own_account"
    page = anonymous.get("/api/docs/")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode()
    assert "script-src" not in page["Content-Security-Policy"]


def _away() -> str:
    raise ConnectionError("no")


def test_a_sign_in_without_the_csrf_token_is_refused_as_a_problem(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    said = {"username": "street-002", "password": PASSWORD}
    refused = browser.post("/api/v1/auth/session", said, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.get("/api/v1/auth/session")
    token = browser.cookies["csrftoken"].value
    taken = browser.post("/api/v1/auth/session", said, content_type="application/json", headers={"X-CSRFToken": token})
    assert taken.status_code == 200

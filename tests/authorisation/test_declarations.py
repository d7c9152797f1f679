"""Every route is described and declares its rights; the declarations say what the matrix says."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from mobile_api.common.permissions import Allowed
from tests.authorisation import oracle
from tests.authorisation.calls import operations


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def all_routes() -> list[tuple[str, Any]]:
    return list(routes(get_resolver().url_patterns))


def described_path(route: str) -> str:
    """`cases/<uuid:case_id>` as the description writes it: `/cases/{case_id}`."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def test_every_route_is_in_the_description() -> None:
    described = {operation.path for operation in operations()}
    hidden = oracle.matrix()["outside_schema"]
    missing = [route for route, _ in all_routes() if route not in hidden and described_path(route) not in described]
    assert missing == []


def test_every_method_declares_its_rights() -> None:
    undeclared = []
    for route, callback in all_routes():
        view = getattr(callback, "view_class", None)
        if route in oracle.matrix()["outside_schema"]:
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method) and method.upper() not in getattr(view, "authz", {}):
                undeclared.append(f"{method} {route}")
    assert undeclared == []


def test_declared_roles_are_those_of_the_matrix() -> None:
    wrong = []
    for route, callback in all_routes():
        declared: dict[str, Allowed] = getattr(getattr(callback, "view_class", None), "authz", {})
        for method, allowed in declared.items():
            path = described_path(route)
            expected = {
                role for role in oracle.roles() if oracle.grant(path, allowed.resource, allowed.verb, role) is not None
            }
            said = {str(role) for role in allowed.roles} | ({"anonymous"} if allowed.anonymous else set())
            if said != expected:
                wrong.append(f"{method} {path}: declared {sorted(said)}, matrix {sorted(expected)}")
    assert wrong == []

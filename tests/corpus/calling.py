"""Calling an operation of the interface with something that it must refuse."""

import json
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.response import Response

from tests.authorisation import oracle
from tests.authorisation.calls import Operation, operations
from tests.authorisation.stage import Stage

BY_ID = {operation.id: operation for operation in operations()}


def operations_with_json() -> list[Operation]:
    """Those that take a JSON body, as the published description has it."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return [
        BY_ID[said["operationId"]]
        for methods in schema["paths"].values()
        for said in methods.values()
        if "application/json" in said.get("requestBody", {}).get("content", {})
    ]


def somebody_who_may(operation: Operation) -> str:
    """The first role of the matrix that is granted the operation."""
    for role in oracle.roles():
        if oracle.grant(operation.path, operation.resource, operation.verb, role) is not None:
            return role
    raise AssertionError(f"nobody may {operation.id}")


def address(operation: Operation, stage: Stage, role: str) -> str:
    """Where the operation is called with an object of the role's own."""
    path = operation.path
    for name, value in operation._values(stage, role, "own").items():
        path = path.replace("{" + name + "}", str(value))
    return path


def sent(operation: Operation, stage: Stage, body: Any, *, content_type: str = "application/json") -> Response:
    """The answer to a raw body, or to a value as JSON, from somebody who may."""
    role = somebody_who_may(operation)
    client, path = stage.clients[role], address(operation, stage, role)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(operation.method.upper(), path, raw, content_type=content_type)


def asked(operation: Operation, stage: Stage, **query: Any) -> Response:
    """The answer to a query string, which goes out as it stands."""
    role = somebody_who_may(operation)
    known = operation._values(stage, role, "own")
    needed = {name: known[name] for name in operation.parameters if "{" + name + "}" not in operation.path}
    return stage.clients[role].get(address(operation, stage, role), {**needed, **query})


def named(response: Response) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, code, and the pointer and code of every field: a problem of RFC 9457 and nothing else."""
    assert response["Content-Type"].startswith("application/problem+json"), response.content[:200]
    said = response.json()
    assert said["title"]
    assert said["request_id"]
    return response.status_code, said["code"], [(one["pointer"], one["code"]) for one in said.get("errors", [])]

"""What the published OpenAPI document says beyond the shapes: rights, problems, ways to sign in."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers

from mobile_api.common.permissions import Allowed
from mobile_api.common.problem import MEDIA_TYPE


class FieldProblem(serializers.Serializer):
    """One refused part of a request."""

    pointer = serializers.CharField(help_text="JSON pointer into the body or query")
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457. `code` never changes; the texts come in the asked language. Some codes carry more members."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]


class GridwardSchema(AutoSchema):
    """Adds `x-authz`, the problem answer, tags by first path segment, and readable operation ids."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        allowed = self._allowed()
        if allowed is not None:
            operation["x-authz"] = {
                "resource": allowed.resource,
                "verb": allowed.verb,
                "roles": sorted(allowed.roles),
                "anonymous": allowed.anonymous,
            }
        operation["responses"]["default"] = {
            "description": "A problem (RFC 9457)",
            "content": {MEDIA_TYPE: {"schema": self._problem().ref}},
        }
        return operation

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part and not part.startswith("{")]
        return [parts[2] if parts[:2] == ["api", "v1"] and len(parts) > 2 else parts[0]]

    def get_operation_id(self) -> str:
        """`field_cases_actions_post`: the path without its parameters, and the method."""
        parts = [part for part in self.path.strip("/").split("/") if part not in ("api", "v1")]
        words = [f"by_{part}" if part.startswith("{") else part for part in parts]
        return re.sub(r"[{}]", "", "_".join([*words, self.method.lower()])).replace("-", "_").replace(".", "_")

    def get_auth(self) -> list[dict[str, list[str]]]:
        ways: list[dict[str, list[str]]] = super().get_auth()
        allowed = self._allowed()
        return [*ways, {}] if allowed is not None and allowed.anonymous and {} not in ways else ways

    def _allowed(self) -> Allowed | None:
        allowed: Allowed | None = getattr(self.view, "authz", {}).get(self.method)
        return allowed

    def _problem(self) -> ResolvedComponent:
        return self.resolve_serializer(Problem, "response")


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "mobile_api.common.authentication.BearerAuthentication"
    name = "phone"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Access token of a phone, 15 minutes"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "mobile_api.common.authentication.ConsoleSessionAuthentication"
    name = "console"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Writes also need X-CSRFToken"}

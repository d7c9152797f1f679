"""What may be reported: discovery, the list of services, the form of each."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from backend.cases import partners
from backend.matters.forms import AnswerKind, FormField, fields_of
from backend.matters.models import Matter
from mobile_api.common.localised import asked_language
from mobile_api.common.permissions import allow_everybody
from mobile_api.open311.base import MEDIA_TYPES, Open311View, Unknown
from mobile_api.open311.spark import Tree

CHANGESET = "2026-11-25T00:00:00+08:00"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
_DATATYPES = {
    AnswerKind.TEXT: "string",
    AnswerKind.LONG_TEXT: "text",
    AnswerKind.INTEGER: "number",
    AnswerKind.NUMBER: "number",
    AnswerKind.MOMENT: "datetime",
    AnswerKind.CHOICE: "singlevaluelist",
    AnswerKind.CHOICES: "multivaluelist",
}


def service_code(matter: Matter) -> str:
    """`scheme:code`: several catalogues stand side by side, and their codes repeat."""
    return f"{matter.scheme}:{matter.code}"


def service_name(matter: Matter) -> str:
    return _in_words(matter.name_zh, matter.name_en)


def matter_of(code: str) -> Matter:
    """The offered matter with this service code. Raises Unknown."""
    found = (partners.offered_matters() & partners.matters_coded([code])).first()
    if found is None:
        raise Unknown(f"service_code {code[:60]} was not found", field="service_code")
    return found


def _in_words(zh: str, en: str) -> str:
    return (en or zh) if asked_language() == "en" else zh


class DiscoveryView(Open311View):
    """Where the standard is spoken, in which formats, and whom to ask."""

    authz = {"GET": allow_everybody("open311", "read")}

    def get(self, request: Request, form: str) -> HttpResponse:
        about: dict[str, Any] = {
            "changeset": CHANGESET,
            "contact": settings.OPEN311_CONTACT,
            "key_service": settings.OPEN311_CONTACT,
            "endpoints": [
                {
                    "specification": SPECIFICATION,
                    "url": request.build_absolute_uri("/open311/v2"),
                    "changeset": CHANGESET,
                    "type": "production" if settings.IS_PRODUCTION else "test",
                    "formats": [media_type.partition(";")[0] for media_type in MEDIA_TYPES.values()],
                }
            ],
        }
        return self.answer(Tree.of_one("discovery", about))


class ServicesView(Open311View):
    """The published incidents of the matter list."""

    authz = {"GET": allow_everybody("open311", "read")}

    def get(self, request: Request, form: str) -> HttpResponse:
        found = partners.offered_matters().prefetch_related("conditions")
        return self.answer(Tree("services", "service", [_service(matter) for matter in found]))


def _service(matter: Matter) -> dict[str, Any]:
    conditions = [one for one in matter.conditions.all() if one.is_active]
    named = [_in_words(one.name_zh, one.name_en) for one in conditions]
    return {
        "service_code": service_code(matter),
        "service_name": service_name(matter),
        "description": ("; " if asked_language() == "en" else "；").join(named) or service_name(matter),
        "metadata": bool(matter.form),
        "type": "realtime",
        "keywords": ", ".join(matter.slug.split("_")),
        "group": _in_words(matter.category_zh, matter.category_en),
    }


class DefinitionView(Open311View):
    """The form of one service."""

    authz = {"GET": allow_everybody("open311", "read")}

    def get(self, request: Request, service: str, form: str) -> HttpResponse:
        matter = matter_of(service)
        attributes = [_attribute(field, order) for order, field in enumerate(fields_of(matter), start=1)]
        definition = {"service_code": service_code(matter), "attributes": attributes}
        return self.answer(Tree.of_one("service_definition", definition))


def _attribute(field: FormField, order: int) -> dict[str, Any]:
    return {
        "variable": True,
        "code": field.name,
        "datatype": _DATATYPES[field.kind],
        "required": field.required,
        "datatype_description": "",
        "order": order,
        "description": _in_words(field.label_zh, field.label_en),
        **({"values": [_value(option) for option in field.options]} if field.options else {}),
    }


def _value(option: tuple[str, str, str]) -> dict[str, str]:
    value, zh, en = option
    return {"key": value, "name": _in_words(zh, en)}

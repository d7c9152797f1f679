"""The queue: list, detail, steps, reveal, and the same cases as GeoJSON."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import access, queries, services
from backend.cases.queries import CaseFilter
from backend.cases.services import Step
from backend.cases.workflow import Action
from maps.console import case_facts, geojson
from maps.console.fields import BboxField
from maps.console.shapes import ACTIONS, DeskCase, DeskCaseRow
from mobile_api.common.corrections import Corrected, CorrectionIn, corrected
from mobile_api.common.moments import MomentField
from mobile_api.common.paging import PAGE_MAX, cursor_for, key_of
from mobile_api.common.permissions import CONSOLE, READERS, REVEALERS, actor_of, allow
from mobile_api.common.shapes import LAMPS, STATES, ContactOut
from mobile_api.common.views import ApiView, answer, body_of

ORDERS = ["-reported_at", "due_at"]


class CaseFilterIn(serializers.Serializer):
    """What narrows the queue. `state` takes several, comma-separated, or `open`."""

    state = serializers.CharField(required=False, default="", allow_blank=True)
    lamp = serializers.ChoiceField(choices=LAMPS, required=False, default="", allow_blank=True)
    grid = serializers.CharField(required=False, default="", allow_blank=True, max_length=30)
    matter = serializers.UUIDField(required=False, default=None, allow_null=True)
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)
    bbox = BboxField(required=False, default=None, allow_null=True)

    def validate_state(self, value: str) -> list[str]:
        wanted = [part for part in value.split(",") if part]
        unknown = [part for part in wanted if part != "open" and part not in STATES]
        if unknown:
            raise serializers.ValidationError(f"{unknown[0]} is no state", code="unknown_state")
        return wanted

    def filter(self) -> CaseFilter:
        said = self.validated_data
        states = tuple(state for state in said["state"] if state != "open") if said["state"] else ()
        return CaseFilter(
            states=states,
            open_only="open" in (said["state"] or ()),
            lamp=said["lamp"],
            grid_code=said["grid"],
            matter_id=said["matter"],
            q=said["q"],
            bbox=said["bbox"],
            order=said.get("order", "-reported_at"),
        )


class CaseListIn(CaseFilterIn):
    order = serializers.ChoiceField(choices=ORDERS, required=False, default="-reported_at")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=PAGE_MAX)
    cursor = serializers.CharField(required=False, default="", allow_blank=True)


class CasePage(serializers.Serializer):
    items = DeskCaseRow(many=True)
    next = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(help_text="how many the filter finds over all pages")


class CaseStepIn(serializers.Serializer):
    """One step on a case; `version` is the one that the desk decided on."""

    action = serializers.ChoiceField(choices=ACTIONS)
    version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    worker_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    department_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    matter = serializers.UUIDField(required=False, default=None, allow_null=True)
    condition = serializers.UUIDField(required=False, default=None, allow_null=True)
    until = MomentField(
        required=False, default=None, allow_null=True, help_text="end of a suspension, a year from now at most"
    )


class RevealIn(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class CaseListView(ApiView):
    """The queue of one's areas, by keyset pages."""

    authz = {"GET": allow("case", "read", *READERS)}

    @extend_schema(parameters=[CaseListIn], responses=CasePage)
    def get(self, request: Request) -> Response:
        asked = CaseListIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        said, actor, now = asked.validated_data, actor_of(request), timezone.now()
        wanted = asked.filter()
        rows = queries.list_cases(
            actor, _after(wanted, key_of(request, said["cursor"])), now=now, limit=said["limit"] + 1
        )
        page, more = rows[: said["limit"]], len(rows) > said["limit"]
        content = {
            "items": [case_facts.row_facts(case, now=now) for case in page],
            "next": cursor_for(request, _key_after(page[-1], wanted.order)) if more else None,
            "total": queries.count_cases(actor, wanted, now=now),
        }
        return answer(CasePage, content)


def _after(wanted: CaseFilter, key: list[Any] | None) -> CaseFilter:
    if key is None or key[0] != wanted.order:
        return wanted
    moment = datetime.fromisoformat(key[1]) if key[1] else None
    return CaseFilter(
        **{name: getattr(wanted, name) for name in wanted.__slots__ if name != "after"}, after=(moment, UUID(key[2]))
    )


def _key_after(case: Any, order: str) -> list[Any]:
    moment = case.due_at if order == "due_at" else case.reported_at
    return [order, moment.isoformat() if moment else None, str(case.pk)]


class CaseView(ApiView):
    """One case with its history, the reason why it is here, and what may be done next."""

    authz = {"GET": allow("case", "read", *READERS)}

    @extend_schema(responses=DeskCase)
    def get(self, request: Request, case_id: UUID) -> Response:
        actor, now = actor_of(request), timezone.now()
        case = access.get_case(actor, case_id)
        return answer(DeskCase, case_facts.detail_facts(case, actor=actor, now=now))


class CaseActionView(ApiView):
    """Takes one step: file, dispatch, assign, close … The answer is the case as it stands then."""

    authz = {"POST": allow("case", "transition", *CONSOLE)}

    @extend_schema(request=CaseStepIn, responses=DeskCase)
    def post(self, request: Request, case_id: UUID) -> Response:
        said, actor, now = body_of(request, CaseStepIn), actor_of(request), timezone.now()
        step = Step(
            action=Action(said["action"]),
            version=said["version"],
            note=said["note"],
            worker_id=said["worker_id"],
            department_id=said["department_id"],
            matter_id=said["matter"],
            condition_id=said["condition"],
            until=said["until"],
        )
        services.act(actor=actor, case_id=case_id, step=step, now=now)
        case = access.get_case(actor, case_id)
        return answer(DeskCase, case_facts.detail_facts(case, actor=actor, now=now))


class CaseCorrectionView(ApiView):
    """Corrects place or matter: grid, owner and deadline follow. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("case", "transition", *CONSOLE)}

    @extend_schema(request=CorrectionIn, responses=Corrected)
    def post(self, request: Request, case_id: UUID) -> Response:
        return corrected(request, case_id, now=timezone.now())


class CaseRevealView(ApiView):
    """Name and phone in clear, for a stated reason that the audit trail keeps."""

    authz = {"POST": allow("contact", "reveal", *REVEALERS)}

    @extend_schema(request=RevealIn, responses=ContactOut)
    def post(self, request: Request, case_id: UUID) -> Response:
        contact = services.reveal_contact(
            actor=actor_of(request), case_id=case_id, now=timezone.now(), **body_of(request, RevealIn)
        )
        return answer(ContactOut, {"name": contact.name, "phone": contact.phone})


class CaseGeoJsonView(ApiView):
    """The queue as a GeoJSON FeatureCollection, built in SQL; at most 10,000 features."""

    authz = {"GET": allow("case", "read", *READERS)}

    @extend_schema(parameters=[CaseFilterIn], responses={(200, geojson.MEDIA_TYPE): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> HttpResponse:
        asked = CaseFilterIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        text = geojson.case_features(actor_of(request), asked.filter(), now=timezone.now())
        return HttpResponse(text, content_type=geojson.MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})

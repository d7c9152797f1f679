"""Disputes at the desk: the queue, one of them with its border, the ruling, a return that a department sent."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases.disputes import neighbourhood, raising, settling
from backend.cases.disputes import queries as disputes
from backend.cases.disputes.raising import Ground
from backend.cases.models import Dispute
from maps.console.case_facts import person_ref, row_facts
from maps.console.dispute_shapes import (
    DepartmentReturnIn,
    DeskDispute,
    DisputeListIn,
    DisputePage,
    RulingIn,
    said_of,
)
from mobile_api.common.dispute_facts import department_ref, grid_facts, ruling_facts, sides_facts, told_facts
from mobile_api.common.paging import cursor_for, key_of
from mobile_api.common.permissions import CONSOLE, READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of


class DisputeListView(ApiView):
    """Disputes of one's areas, the newest first, by keyset pages."""

    authz = {"GET": allow("dispute", "read", *READERS)}

    @extend_schema(parameters=[DisputeListIn], responses=DisputePage)
    def get(self, request: Request) -> Response:
        said, actor, now = query_of(request, DisputeListIn), actor_of(request), timezone.now()
        key = key_of(request, said["cursor"])
        after = (datetime.fromisoformat(key[0]), UUID(key[1])) if key else None
        states = (said["state"],) if said["state"] else ()
        rows = disputes.list_disputes(actor, states=states, level=said["level"], after=after, limit=said["limit"] + 1)
        page, last = rows[: said["limit"]], rows[said["limit"] - 1] if len(rows) > said["limit"] else None
        content = {
            "items": [_row(one, actor, now) for one in page],
            "next": cursor_for(request, [last.raised_at.isoformat(), str(last.pk)]) if last else None,
            "open": disputes.count_open(actor),
        }
        return answer(DisputePage, content)


class DisputeView(ApiView):
    """One dispute with both grids, the stretch of border and what was ruled there before."""

    authz = {"GET": allow("dispute", "read", *READERS)}

    @extend_schema(responses=DeskDispute)
    def get(self, request: Request, dispute_id: UUID) -> Response:
        return answer(DeskDispute, _whole(actor_of(request), dispute_id, timezone.now()))


class DisputeRulingView(ApiView):
    """Rules: the case stays, goes to a grid or to a department. Of two at once the first counts, the other gets 409."""

    authz = {"POST": allow("dispute", "rule", *CONSOLE)}

    @extend_schema(request=RulingIn, responses=DeskDispute)
    def post(self, request: Request, dispute_id: UUID) -> Response:
        actor, body, now = actor_of(request), body_of(request, RulingIn), timezone.now()
        settling.rule(actor=actor, dispute_id=dispute_id, version=body["version"], said=said_of(body), now=now)
        return answer(DeskDispute, _whole(actor, dispute_id, now))


class DepartmentReturnView(ApiView):
    """Writes down that the department which has the case sends it back: departments have no screens of their own."""

    authz = {"POST": allow("dispute", "create", *CONSOLE)}

    @extend_schema(request=DepartmentReturnIn, responses={201: DeskDispute})
    def post(self, request: Request, case_id: UUID) -> Response:
        actor, body, now = actor_of(request), body_of(request, DepartmentReturnIn), timezone.now()
        ground = Ground(body["note"], grid_code=body["to_grid"], department_id=body["to_department"])
        made = raising.return_case(actor=actor, case_id=case_id, ground=ground, version=body["version"], now=now)
        return answer(DeskDispute, _whole(actor, made.pk, now), status=201)


def _row(dispute: Dispute, actor: Actor, now: datetime) -> dict[str, Any]:
    names = ("version", "state", "level", "ground", "raised_at", "raised_role", "border_m", "settled_at")
    return {
        **sides_facts(dispute),
        **{name: getattr(dispute, name) for name in names},
        "id": dispute.pk,
        "raised_by": person_ref(dispute.raised_by),
        "case": row_facts(dispute.case, now=now),
        "ruling": ruling_facts(dispute.ruling),
        "settled_by": person_ref(dispute.settled_by),
        "may_rule": dispute.state == Dispute.State.OPEN and settling.may_rule(dispute, actor),
    }


def _whole(actor: Actor, dispute_id: UUID, now: datetime) -> dict[str, Any]:
    dispute = disputes.get_dispute(actor, dispute_id)
    row = _row(dispute, actor, now)
    grids, departments = neighbourhood.choices_of(dispute, actor, now=now) if row["may_rule"] else ([], [])
    earlier = disputes.rulings_at(dispute.case, now=now)
    return {
        **row,
        "stretch": json.loads(dispute.stretch.geojson) if dispute.stretch else None,
        "outline": json.loads(dispute.boundary.outline.geojson) if dispute.boundary else None,
        "other_outline": json.loads(dispute.other_boundary.outline.geojson) if dispute.other_boundary else None,
        "earlier": told_facts(one.facts() for one in earlier),
        "moves": [
            {"at": one.at, "division": one.division.name, "grid": grid_facts(one.grid), "dropped": one.dropped}
            for one in disputes.moves_of(dispute)
            if one.division is not None
        ],
        "grids": [grid_facts(grid) for grid in grids],
        "departments": [department_ref(department) for department in departments],
    }

"""The worker's day, week, cases, visits and offline operations. Everything is the worker's own."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import Actor
from backend.cases import access, queries, services
from backend.cases.queries import CaseFilter
from backend.core.clock import LOCAL, week_start_of
from backend.inspections import queries as inspections
from backend.places import queries as places
from backend.sync import feed
from backend.sync.services import Operation, apply_operations
from mobile_api.common.corrections import Corrected, CorrectionIn, corrected
from mobile_api.common.operations import apply_one, payload_of
from mobile_api.common.paging import PAGE, cursor_for, key_of
from mobile_api.common.parsers import GzipJSONParser
from mobile_api.common.permissions import FIELD, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of
from mobile_api.field import day_presenter
from mobile_api.field.case_presenter import field_cases
from mobile_api.field.case_shapes import CaseActionIn, FieldCase, FieldCaseQuery, FieldCases, FieldReportIn
from mobile_api.field.day_shapes import PlanSeenIn, PlanSeenOut, StopOut, Today, TodayQuery, WeekOut, WeekQuery
from mobile_api.field.operations import HANDLERS
from mobile_api.field.sync_shapes import Changes, ChangesQuery, OperationsIn, Receipts
from mobile_api.field.visit_shapes import StopSkipIn, StopVisitIn, VisitOut
from mobile_api.public.reporting import new_report

# Cases beside the round on the day's screen; more than these are reached through the list.
_MOST_CASES_TODAY = 60


class TodayView(ApiView):
    """The day of the signed-in worker: round, stops in walking order, open cases, running patrol."""

    authz = {"GET": allow("own_round", "read", *FIELD)}

    @extend_schema(parameters=[TodayQuery], responses=Today)
    def get(self, request: Request) -> Response:
        now, actor = timezone.now(), actor_of(request)
        day = query_of(request, TodayQuery)["date"] or now.astimezone(LOCAL).date()
        cursor = feed.newest_cursor(actor)
        found = inspections.today(actor, day)
        asked = inspections.asked_about(found.day.stops, now=now)
        mine = queries.list_cases(actor, CaseFilter(open_only=True, order="due_at"), now=now, limit=_MOST_CASES_TODAY)
        facts = {
            "date": day,
            "next_day": day_presenter.day_facts(found.next_day, actor, found.targets) if found.next_day else None,
            "session": day_presenter.session_facts(found.session) if found.session else None,
            "route": day_presenter.route_facts(found.day),
            "stops": [day_presenter.stop_facts(stop, actor, found.targets, asked=asked) for stop in found.day.stops],
            "cases": field_cases(mine, actor, now=now),
            "cursor": cursor,
        }
        return answer(Today, facts)


class WeekView(ApiView):
    """The week of the signed-in worker under the published plans, and what they leave out."""

    authz = {"GET": allow("own_round", "read", *FIELD)}

    @extend_schema(parameters=[WeekQuery], responses=WeekOut)
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        start = query_of(request, WeekQuery)["start"] or week_start_of(timezone.now())
        monday = start - timedelta(days=start.weekday())
        return answer(WeekOut, day_presenter.week_facts(inspections.week(actor, monday), actor))


class FieldCasesView(ApiView):
    """Cases of the worker's grids, the next deadline first; open ones unless states are named."""

    authz = {"GET": allow("case", "read", *FIELD)}

    @extend_schema(parameters=[FieldCaseQuery], responses=FieldCases)
    def get(self, request: Request) -> Response:
        now, actor = timezone.now(), actor_of(request)
        wanted = query_of(request, FieldCaseQuery)
        key = key_of(request, wanted["cursor"])
        after = (datetime.fromisoformat(key[0]) if key[0] else None, UUID(key[1])) if key else None
        states = wanted["state"] or ()
        filter_ = CaseFilter(states=states, open_only=not states, order="due_at", after=after)
        found = queries.list_cases(actor, filter_, now=now, limit=PAGE + 1)
        last = found[PAGE - 1] if len(found) > PAGE else None
        mark = None
        if last is not None:
            mark = cursor_for(request, [last.due_at.isoformat() if last.due_at else "", str(last.pk)])
        return answer(FieldCases, {"items": field_cases(found[:PAGE], actor, now=now), "next": mark})


class FieldCaseView(ApiView):
    """One case of the worker's grids."""

    authz = {"GET": allow("case", "read", *FIELD)}

    @extend_schema(responses=FieldCase)
    def get(self, request: Request, case_id: UUID) -> Response:
        return answer(FieldCase, _shown(actor_of(request), case_id))


def _shown(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """The case as it is now. Raises CaseNotFound."""
    return field_cases([access.get_case(actor, case_id)], actor, now=timezone.now())[0]


class FieldCaseActionView(ApiView):
    """One step on a case. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("case", "transition", *FIELD)}

    @extend_schema(request=CaseActionIn, responses=FieldCase)
    def post(self, request: Request, case_id: UUID) -> Response:
        actor = actor_of(request)
        body = body_of(request, CaseActionIn)
        access.get_case(actor, case_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind="case_action",
            payload=payload_of(request, case_id=case_id),
            now=timezone.now(),
            then=lambda _: answer(FieldCase, _shown(actor, case_id)),
        )


class FieldCaseCorrectionView(ApiView):
    """Corrects place or matter: grid, owner and deadline follow. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("case", "transition", *FIELD)}

    @extend_schema(request=CorrectionIn, responses=Corrected)
    def post(self, request: Request, case_id: UUID) -> Response:
        return corrected(request, case_id, now=timezone.now())


class FieldReportsView(ApiView):
    """A worker reports, or has dealt with it on the spot. 201 for a new report, 200 for a repeat of the same one."""

    authz = {"POST": allow("case", "create", *FIELD)}

    @extend_schema(request=FieldReportIn, responses={200: FieldCase, 201: FieldCase})
    def post(self, request: Request) -> Response:
        now, actor = timezone.now(), actor_of(request)
        body = body_of(request, FieldReportIn)
        report = new_report(body, channel="worker", self_handled=body["self_handled"])
        reported = services.report_case(actor=actor, report=report, now=now)
        facts = field_cases([reported.case], actor, now=now)[0]
        return answer(FieldCase, facts, status=201 if reported.is_new else 200)


class StopView(ApiView):
    """One stop of the worker's own rounds."""

    authz = {"GET": allow("own_round", "read", *FIELD)}

    @extend_schema(responses=StopOut)
    def get(self, request: Request, stop_id: UUID) -> Response:
        return answer(StopOut, _stop_shown(actor_of(request), stop_id))


def _stop_shown(actor: Actor, stop_id: UUID) -> dict[str, Any]:
    return day_presenter.stop_facts(inspections.get_stop(actor, stop_id), actor, places.visit_targets())


class StopVisitView(ApiView):
    """Records a visit with its evidence. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("own_round", "transition", *FIELD)}

    @extend_schema(request=StopVisitIn, responses={201: VisitOut})
    def post(self, request: Request, stop_id: UUID) -> Response:
        actor = actor_of(request)
        body = body_of(request, StopVisitIn)
        inspections.get_stop(actor, stop_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind="record_visit",
            payload=payload_of(request, stop_id=stop_id),
            now=timezone.now(),
            then=lambda result: answer(VisitOut, result, status=201),
        )


class StopSkipView(ApiView):
    """Leaves a stop out, with the reason."""

    authz = {"POST": allow("own_round", "transition", *FIELD)}

    @extend_schema(request=StopSkipIn, responses=StopOut)
    def post(self, request: Request, stop_id: UUID) -> Response:
        actor = actor_of(request)
        body = body_of(request, StopSkipIn)
        inspections.get_stop(actor, stop_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind="skip_stop",
            payload=payload_of(request, stop_id=stop_id),
            now=timezone.now(),
            then=lambda result: answer(StopOut, _stop_shown(actor, UUID(result["id"]))),
        )


class PlanSeenView(ApiView):
    """The worker has seen this version of their round. The same `op_id` again gives the same answer."""

    authz = {"POST": allow("own_round", "transition", *FIELD)}

    @extend_schema(request=PlanSeenIn, responses=PlanSeenOut)
    def post(self, request: Request, plan_id: UUID) -> Response:
        actor = actor_of(request)
        body = body_of(request, PlanSeenIn)
        inspections.get_own_plan(actor, plan_id)
        return apply_one(
            HANDLERS,
            actor=actor,
            op_id=body["op_id"],
            kind="see_plan",
            payload=payload_of(request, plan_id=plan_id),
            now=timezone.now(),
            then=lambda result: answer(PlanSeenOut, result),
        )


class OperationsView(ApiView):
    """Up to 200 things that the phone did, each applied at most once; one that is refused never blocks the others."""

    authz = {"POST": allow("sync", "create", *FIELD)}
    parser_classes = (GzipJSONParser,)

    @extend_schema(request=OperationsIn, responses=Receipts)
    def post(self, request: Request) -> Response:
        body = body_of(request, OperationsIn)
        sent = [Operation(one["op_id"], one["kind"], one["payload"], one["captured_at"]) for one in body["operations"]]
        receipts = apply_operations(actor=actor_of(request), operations=sent, handlers=HANDLERS, now=timezone.now())
        return answer(Receipts, {"receipts": receipts})


class ChangesView(ApiView):
    """What to fetch again since the cursor; without one, a cursor that begins now."""

    authz = {"GET": allow("sync", "read", *FIELD)}

    @extend_schema(parameters=[ChangesQuery], responses=Changes)
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        cursor = query_of(request, ChangesQuery)["cursor"]
        if not cursor:
            return answer(Changes, {"changes": [], "cursor": feed.newest_cursor(actor), "more": False})
        return answer(Changes, feed.changes_since(actor, cursor))

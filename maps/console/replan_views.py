"""A published week mended: a proposal with its difference, accepted once."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.inspections import access
from backend.inspections.replanning import difference
from backend.inspections.replanning.accepting import accept
from backend.inspections.replanning.proposing import propose
from maps.console.replan_facts import replan_facts
from maps.console.replan_shapes import ReplanIn, ReplanOut, disturbance_of
from mobile_api.common.permissions import PLANNERS, READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of


class PlanReplanView(ApiView):
    """What the plan in force would become after something came between. Nothing is changed by it."""

    authz = {"POST": allow("plan", "create", *PLANNERS)}

    @extend_schema(request=ReplanIn, responses={201: ReplanOut})
    def post(self, request: Request, plan_id: UUID) -> Response:
        said, actor = body_of(request, ReplanIn), actor_of(request)
        made = propose(
            actor=actor,
            plan_id=plan_id,
            disturbance=disturbance_of(said),
            stability_s=said["stability_s"],
            now=timezone.now(),
        )
        found = difference.between(access.get_replan(actor, made.pk))
        return answer(ReplanOut, replan_facts(found, actor), status=201)


class ReplanView(ApiView):
    """A proposal as it was made."""

    authz = {"GET": allow("plan", "read", *READERS)}

    @extend_schema(responses=ReplanOut)
    def get(self, request: Request, replan_id: UUID) -> Response:
        actor = actor_of(request)
        return answer(ReplanOut, replan_facts(difference.between(access.get_replan(actor, replan_id)), actor))


class ReplanAcceptView(ApiView):
    """Puts a proposal in force: 409 when the week has moved on since it was made. Accepting again changes nothing."""

    authz = {"POST": allow("plan", "publish", *PLANNERS)}

    @extend_schema(request=None, responses=ReplanOut)
    def post(self, request: Request, replan_id: UUID) -> Response:
        actor = actor_of(request)
        accepted = accept(actor=actor, replan_id=replan_id, now=timezone.now())
        return answer(ReplanOut, replan_facts(difference.between(accepted), actor))

"""Proposals of the engine: asked for, followed, cancelled before a worker begins."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.roles import Role
from backend.areas import proposals as known
from backend.places import proposals
from backend.places.proposals import ProposalWish
from maps.console.division_views import DIVIDERS
from maps.console.proposal_facts import proposal_facts
from maps.console.proposal_shapes import ProposalIn, ProposalList, ProposalListIn, ProposalOut
from mobile_api.common.permissions import READERS, actor_of, allow
from mobile_api.common.views import ApiView, answer, body_of, query_of

ASKERS = (Role.COMMUNITY, *DIVIDERS)


class ProposeView(ApiView):
    """Asks the engine for a division; a worker makes the draft."""

    authz = {"POST": allow("proposal", "create", *ASKERS)}

    @extend_schema(request=ProposalIn, responses={202: ProposalOut})
    def post(self, request: Request) -> Response:
        said, actor = body_of(request, ProposalIn), actor_of(request)
        wish = ProposalWish(
            grids=said["grids"],
            households=said["households"],
            keeps_borders=said["keeps_borders"],
            keeps_dedicated=said["keeps_dedicated"],
        )
        made = proposals.ask(actor=actor, area_code=said["area"], wish=wish, name=said["name"], now=timezone.now())
        return answer(ProposalOut, proposal_facts(known.proposal(actor, made.pk), actor), status=202)


class ProposalListView(ApiView):
    """The latest requests for one's areas, the newest first."""

    authz = {"GET": allow("proposal", "read", *READERS)}

    @extend_schema(parameters=[ProposalListIn], responses=ProposalList)
    def get(self, request: Request) -> Response:
        said = query_of(request, ProposalListIn)
        actor = actor_of(request)
        rows = known.latest_proposals(actor, area_code=said["area"])
        return answer(ProposalList, {"items": [proposal_facts(row, actor) for row in rows]})


class ProposalView(ApiView):
    """How far a request has come, and what came of it."""

    authz = {"GET": allow("proposal", "read", *READERS)}

    @extend_schema(responses=ProposalOut)
    def get(self, request: Request, proposal_id: UUID) -> Response:
        actor = actor_of(request)
        return answer(ProposalOut, proposal_facts(known.proposal(actor, proposal_id), actor))


class ProposalCancelView(ApiView):
    """Takes a request back that nobody works on yet."""

    authz = {"POST": allow("proposal", "delete", *ASKERS)}

    @extend_schema(request=None, responses=ProposalOut)
    def post(self, request: Request, proposal_id: UUID) -> Response:
        actor = actor_of(request)
        cancelled = proposals.cancel(actor=actor, proposal_id=proposal_id, now=timezone.now())
        return answer(ProposalOut, proposal_facts(cancelled, actor))

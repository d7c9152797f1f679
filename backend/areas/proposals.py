"""What is known of proposals; they are asked for and computed in `places.proposals`, where streets and homes are."""

from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas import access
from backend.areas.models import Proposal

PROPOSAL_STATES = [state.value for state in Proposal.State]
_MOST = 20


def latest_proposals(actor: Actor, *, area_code: str) -> list[Proposal]:
    """What the engine was asked for in the actor's areas, the newest first; for one area with its code."""
    found = Proposal.objects.visible_to(actor).select_related("area", "asked_by")
    if area_code:
        found = found.filter(area__code=area_code)
    return list(found.order_by("-asked_at", "-id")[:_MOST])


def proposal(actor: Actor, proposal_id: UUID) -> Proposal:
    """One request to the engine. Raises ProposalNotFound."""
    return access.get_proposal(actor, proposal_id)

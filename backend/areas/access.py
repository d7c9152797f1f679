"""The only way to fetch a division or a proposal for somebody. Missing and foreign look the same."""

from uuid import UUID

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas.errors import AreaNotFound, DivisionNotFound, MayNotDivide, ProposalNotFound
from backend.areas.models import Area, Division, Proposal

# Communities read the divisions of their ground; cutting it anew is for those who answer for several.
EDITORS = frozenset({Role.STREET, Role.DISTRICT, Role.CITY, Role.SYSTEM})
# A community may ask the engine for a division of its own ground; the draft is its street's to publish.
ASKERS = EDITORS | {Role.COMMUNITY}


def get_division(actor: Actor, division_id: UUID) -> Division:
    """Raises DivisionNotFound."""
    found = Division.objects.visible_to(actor).select_related("parent").filter(pk=division_id).first()
    if found is None:
        raise DivisionNotFound("no such division")
    return found


def lock_division(actor: Actor, division_id: UUID) -> Division:
    """The division as it is once nobody else can change it, for one who may. Raises DivisionNotFound, MayNotDivide."""
    get_division(actor, division_id)
    refuse_readers(actor)
    return Division.objects.select_for_update(of=("self",)).select_related("parent").get(pk=division_id)


def get_proposal(actor: Actor, proposal_id: UUID) -> Proposal:
    """Raises ProposalNotFound."""
    found = Proposal.objects.visible_to(actor).select_related("area", "asked_by").filter(pk=proposal_id).first()
    if found is None:
        raise ProposalNotFound("no such proposal")
    return found


def refuse_readers(actor: Actor) -> None:
    """Raises MayNotDivide for a role that only reads divisions."""
    if actor.role not in EDITORS:
        raise MayNotDivide("divisions are drawn and published by streets, districts and the city", role=actor.role)


def refuse_strangers(actor: Actor) -> None:
    """Raises MayNotDivide for a role that asks for no proposal."""
    if actor.role not in ASKERS:
        raise MayNotDivide("proposals are asked for by communities, streets, districts and the city", role=actor.role)


def get_area(actor: Actor, code: str) -> Area:
    """An area of the actor by its code. Raises AreaNotFound."""
    found = Area.objects.visible_to(actor).filter(code=code, closed_at=None).first()
    if found is None:
        raise AreaNotFound("no such area in your areas", code=code)
    return found

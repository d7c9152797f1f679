"""How proposals are told."""

from typing import Any

from backend.accounts.actor import Actor
from backend.areas.models import Proposal
from backend.places.proposals import may_cancel

_NAMES = (
    "name", "grids", "households", "keeps_borders", "keeps_dedicated", "state", "asked_at", "begun_at", "ended_at",
    "before", "after",
)  # fmt: skip


def proposal_facts(proposal: Proposal, actor: Actor) -> dict[str, Any]:
    area, problem = proposal.area, proposal.problem
    return {
        "id": proposal.pk,
        "area": {"code": area.code, "name": area.name, "name_en": area.name_en},
        "asked_by": str(proposal.asked_by.name) if proposal.asked_by else "",
        "problem": {name: problem.get(name, "") for name in ("code", "reason", "field", "detail")} if problem else None,
        "division": proposal.division_id,
        "may_cancel": proposal.state == Proposal.State.QUEUED and may_cancel(proposal, actor),
        **{name: getattr(proposal, name) for name in _NAMES},
    }

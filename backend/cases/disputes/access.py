"""The only way to fetch a dispute for somebody."""

from uuid import UUID

from backend.accounts.actor import Actor
from backend.cases.errors import DisputeNotFound, DisputeSettled
from backend.cases.models import Case, Dispute, DisputeQuerySet
from backend.core.errors import StaleVersion
from backend.core.rows import lock_rows


def with_sides(found: DisputeQuerySet) -> DisputeQuerySet:
    """With everything that a dispute names, in one query."""
    return found.select_related(
        "case__matter", "case__grid__parent", "case__responsible", "case__department", "decision", "raised_by",
        "from_grid__parent", "from_department", "proposed_grid__parent", "proposed_department", "other_grid__parent",
        "boundary", "other_boundary", "settled_by", "ruling__grid", "ruling__department", "ruling__case",
    )  # fmt: skip


def get_dispute(actor: Actor, dispute_id: UUID) -> Dispute:
    """The dispute when the actor may see it. Missing and foreign raise the same DisputeNotFound."""
    found = with_sides(Dispute.objects.visible_to(actor)).filter(pk=dispute_id).first()
    if found is None:
        raise DisputeNotFound("no such dispute")
    return found


def locked_dispute(actor: Actor, dispute_id: UUID, *, version: int | None = None) -> tuple[Case, Dispute]:
    """The open dispute and its case, which is locked: whoever writes a dispute holds its case, as every step does.

    Raises DisputeNotFound, DisputeSettled when somebody was faster, StaleVersion.
    """
    case_id = get_dispute(actor, dispute_id).case_id
    lock_rows(Case.objects.filter(pk=case_id))
    case = Case.objects.select_related(
        "matter__department", "grid__parent", "responsible", "department", "condition"
    ).get(pk=case_id)
    dispute = with_sides(Dispute.objects.all()).get(pk=dispute_id)
    if dispute.state != Dispute.State.OPEN:
        raise DisputeSettled("this dispute is settled; look at it again", state=dispute.state, version=dispute.version)
    if version is not None and version != dispute.version:
        raise StaleVersion("the dispute has changed; look at it again", version=dispute.version, state=dispute.state)
    return case, dispute

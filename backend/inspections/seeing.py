"""Who has seen which version of a plan: a change during the week counts as arrived only when its worker says so."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.core import outbox
from backend.inspections import access
from backend.inspections.models import PlanSeen


@transaction.atomic
def see_plan(*, actor: Actor, plan_id: UUID, seen_at: datetime | None, now: datetime) -> PlanSeen:
    """Keeps the first moment at which a worker saw this version of their own round; a repeat gives it again.

    A plan that was replaced meanwhile may be seen late. `seen_at` is the phone's time: a clock that runs ahead, or that
    says a moment before the plan was in force, is put right. Raises PlanNotFound.
    """
    plan = access.get_own_plan(actor, plan_id)
    moment = max(min(seen_at or now, now), plan.published_at or now)
    seen, is_new = PlanSeen.objects.get_or_create(
        plan=plan, worker_id=actor.user_id, defaults={"seen_at": moment, "received_at": now}
    )
    if is_new:
        outbox.owe("plan_seen", plan.pk, now=now, area_path=plan.grid.path, worker_id=str(actor.user_id))
    return seen

"""Puts a proposal in force, once, if the week is still the one that it was made for; and clears away old ones."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.core import outbox
from backend.inspections import access, planning
from backend.inspections.errors import MayNotPlan, ReplanImpossible, ReplanStale
from backend.inspections.models import Replan, Stop, WeeklyPlan
from backend.inspections.plans import PLANNERS, publish_plan
from backend.inspections.replanning import difference, disturbances
from backend.inspections.replanning.difference import Difference
from backend.inspections.subjects import subject_key

# Proposals that nobody accepted are kept this long after they ran out.
KEPT_FOR: Final = timedelta(days=1)


@transaction.atomic
def accept(*, actor: Actor, replan_id: UUID, now: datetime) -> Replan:
    """Carries out what was proposed: the absence or the new window, and the plan, all or nothing.

    Accepting again gives what was accepted. Raises MayNotPlan, ReplanNotFound, ReplanStale (the week has moved on),
    ReplanImpossible (what it is about finds no place), and what `disturbances.carry_out` and `publish_plan` raise.
    """
    if actor.role not in PLANNERS:
        raise MayNotPlan("plans are changed by grid leaders, communities and streets")
    found = access.get_replan(actor, replan_id)
    access.lock_rounds(found.plan.grid_id)
    replan = Replan.objects.select_related("base__grid", "plan__grid").get(pk=found.pk)
    if replan.accepted_at is not None:
        return replan
    changed = difference.between(replan)
    _refuse_stale(replan, changed, now)
    if not replan.is_met:
        raise ReplanImpossible("it finds no place in this week", reason=_why_not(replan))
    disturbance = disturbances.stored(replan.kind, replan.facts["said"])
    disturbances.carry_out(
        actor=actor,
        disturbance=disturbance,
        change_id=replan.pk,
        version=replan.facts["version"],
        asked_at=replan.asked_at,
        now=now,
    )
    plan = replan.plan
    plan.state = WeeklyPlan.State.DRAFT
    plan.save(update_fields=["state"])
    publish_plan(actor=actor, plan_id=plan.pk, now=now, is_told=True)
    _answer_the_same_question(plan, now)
    replan.accepted_at, replan.accepted_by_id = now, actor.user_id
    replan.save(update_fields=["accepted_at", "accepted_by"])
    _tell(replan, changed, now)
    return Replan.objects.select_related("base__grid", "plan__grid").get(pk=replan.pk)


def _refuse_stale(replan: Replan, changed: Difference, now: datetime) -> None:
    if replan.base.state != WeeklyPlan.State.PUBLISHED:
        raise ReplanStale("another plan is in force by now; propose again", cause="plan")
    if now > replan.expires_at:
        raise ReplanStale("this proposal is too old; propose again", cause="time")
    touched = {change.old.pk for change in changed.changes if change.old is not None}
    reached = Stop.objects.filter(pk__in=touched).exclude(state=Stop.State.PLANNED)
    if reached.exists() or _reached_since(replan):
        raise ReplanStale("a stop that would move was reached meanwhile; propose again", cause="stop")


def _reached_since(replan: Replan) -> bool:
    """Whether a stop that is still to be made in the proposal on another half day has its end already."""
    planned = {
        subject_key(stop): stop.route.shift.lower
        for stop in Stop.objects.filter(route__plan=replan.plan, state=Stop.State.PLANNED).select_related("route")
    }
    ended = Stop.objects.filter(route__plan=replan.base, ended_at__gt=replan.asked_at).select_related("route")
    return any(planned.get(subject_key(stop), stop.route.shift.lower) != stop.route.shift.lower
               for stop in ended)  # fmt: skip


def _why_not(replan: Replan) -> dict[str, object]:
    for row in replan.left_out:
        if any(replan.target == f"{kind}:{row.get(f'{kind}_id')}" for kind in ("appointment", "case", "place")):
            reason: dict[str, object] = row["reason"]
            return reason
    return {"code": "no_room", "facts": {}}


def _answer_the_same_question(plan: WeeklyPlan, now: datetime) -> None:
    """Requests that the disturbance itself has made for a new plan find that it is there."""
    digest = planning.collect(plan.grid, plan.week_start, now=now, seed=plan.seed).digest
    WeeklyPlan.objects.filter(pk=plan.pk).update(input_digest=digest)


def _tell(replan: Replan, changed: Difference, now: datetime) -> None:
    """Everybody whose round it changes hears of it, with the figures of their own days."""
    for worker_id in sorted({str(day.worker.pk) for day in changed.days}):
        days = [day for day in changed.days if str(day.worker.pk) == worker_id]
        mine = [change for day in days for change in day.changes]
        outbox.owe(
            "round_changed",
            replan.plan_id,
            now=now,
            area_path=replan.plan.grid.path,
            worker_id=worker_id,
            cause=replan.kind,
            days=sorted({str(day.day) for day in days}),
            more=sum(day.after.stops - day.before.stops for day in days if day.after.stops > day.before.stops),
            fewer=sum(day.before.stops - day.after.stops for day in days if day.after.stops < day.before.stops),
            changed=len({change.stop.pk for change in mine}),
        )


def drop_old(*, now: datetime, limit: int = 200) -> int:
    """Deletes proposals that ran out a day ago and were not accepted; how many."""
    old = Replan.objects.filter(accepted_at=None, expires_at__lt=now - KEPT_FOR).order_by("expires_at")
    plans = list(old.values_list("plan_id", flat=True)[:limit])
    WeeklyPlan.objects.filter(pk__in=plans, state=WeeklyPlan.State.PROPOSED).delete()
    return len(plans)

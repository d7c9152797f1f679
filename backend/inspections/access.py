"""The only way to fetch plans, stops and appointments for somebody. Missing and foreign look the same."""

from datetime import date
from uuid import UUID

from backend.accounts.actor import Actor
from backend.areas.models import Area
from backend.inspections.errors import AppointmentNotFound, JobNotFound, PlanNotFound, ReplanNotFound, StopNotFound
from backend.inspections.models import Appointment, PlanJob, Replan, Route, Stop, WeeklyPlan


def get_plan(actor: Actor, plan_id: UUID) -> WeeklyPlan:
    """Raises PlanNotFound."""
    plan = WeeklyPlan.objects.visible_to(actor).select_related("grid").filter(pk=plan_id).first()
    if plan is None:
        raise PlanNotFound("no such plan")
    return plan


def get_own_plan(actor: Actor, plan_id: UUID) -> WeeklyPlan:
    """A plan that is or was in force and has a route of the actor. Raises PlanNotFound."""
    in_force = (WeeklyPlan.State.PUBLISHED, WeeklyPlan.State.SUPERSEDED)
    own = Route.objects.filter(worker_id=actor.user_id).values("plan")
    plan = WeeklyPlan.objects.filter(pk=plan_id, pk__in=own, state__in=in_force).select_related("grid").first()
    if plan is None:
        raise PlanNotFound("no such plan")
    return plan


def get_replan(actor: Actor, replan_id: UUID) -> Replan:
    """Raises ReplanNotFound."""
    found = Replan.objects.visible_to(actor).select_related("base__grid", "plan__grid").filter(pk=replan_id).first()
    if found is None:
        raise ReplanNotFound("no such proposal")
    return found


def get_stop(actor: Actor, stop_id: UUID) -> Stop:
    """A stop of any version of a plan. Raises StopNotFound."""
    stop = Stop.objects.visible_to(actor).select_related("route__plan__grid", "place").filter(pk=stop_id).first()
    if stop is None:
        raise StopNotFound("no such stop")
    return stop


def lock_stop(actor: Actor, stop_id: UUID) -> Stop:
    """`get_stop` as it is once nobody else can change the grid's rounds. Raises StopNotFound."""
    lock_rounds(get_stop(actor, stop_id).route.plan.grid_id)
    return get_stop(actor, stop_id)


def get_appointment(actor: Actor, appointment_id: UUID) -> Appointment:
    """Raises AppointmentNotFound."""
    visible = Appointment.objects.visible_to(actor).select_related("case__matter", "case__grid", "grid")
    found = visible.filter(pk=appointment_id).first()
    if found is None:
        raise AppointmentNotFound("no such appointment")
    return found


def get_job(actor: Actor, job_id: UUID) -> PlanJob:
    """A request to plan, for those whose areas hold all of its grids. Raises JobNotFound."""
    job = PlanJob.objects.filter(pk=job_id).first()
    if job is None or not actor.covers(job.area_path):
        raise JobNotFound("no such job")
    return job


def lock_rounds(grid_id: UUID) -> Area:
    """Serialises what changes a grid's rounds (booking, publishing, recording) until the transaction ends.

    Always taken first, before any row of plans, stops or cases.
    """
    return Area.objects.select_for_update(no_key=True, of=("self",)).get(pk=grid_id)


def published_plan(grid_id: UUID, week_start: date) -> WeeklyPlan | None:
    """The plan in force for a grid and week."""
    return WeeklyPlan.objects.filter(grid_id=grid_id, week_start=week_start, state=WeeklyPlan.State.PUBLISHED).first()

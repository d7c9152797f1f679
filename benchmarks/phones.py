"""Workers on patrol, as the benchmarks need them: signed in, consented, walking their round of a day that is over."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from django.utils import timezone

from backend.accounts.actor import SYSTEM
from backend.accounts.models import User
from backend.accounts.services import DeviceSeen, set_consent, sign_in
from backend.areas.actors import actor_for
from backend.areas.models import Duty
from backend.core.calendar import work_calendar
from backend.core.clock import LOCAL, week_start_of
from backend.core.ids import uuid7
from backend.inspections import services as inspections
from backend.inspections.models import Route, Stop
from backend.patrols import services as patrols
from backend.places import queries as places
from benchmarks.figures import CheckFailed
from fixtures.management.commands.load_town import DEMO_PASSWORD

BATCH = 100
BEGINS_AT_HOUR = 7
LASTS = timedelta(hours=13)
# Sessions may begin five days back at most (`backend.patrols`).
LOOK_BACK_DAYS = 4
STANDS_S = 120
# About 0.8 m, what a worker walks in a second.
STEP_DEG = 0.8e-5

Point: TypeAlias = dict[str, Any]


class Phone:
    """A worker on patrol: signed in, consented, one session; makes positions in the order of time."""

    def __init__(self, worker: User, day: date, *, every_s: int, now: datetime) -> None:
        device = DeviceSeen(f"bench-{worker.username}", "bench", "android")
        self.token = sign_in(
            username=worker.username, password=DEMO_PASSWORD, device=device, address="bench", now=now
        ).access
        actor = actor_for(worker, role=None, now=now)
        set_consent(actor=actor, purpose=patrols.CONSENT_PURPOSE, notice_version="1", granted=True, now=now)
        self.session_id, self.day = uuid7(), day
        begun = _local(day, BEGINS_AT_HOUR)
        patrols.start_session(actor=actor, session_id=self.session_id, started_at=begun, purpose="patrol", now=now)
        self._points = _walk(worker, day, begun, every_s)

    def batches(self, count: int) -> list[list[Point]]:
        """The next batches of BATCH positions. Raises CheckFailed when the day is over."""
        taken = [list(islice(self._points, BATCH)) for _ in range(count)]
        if any(len(points) < BATCH for points in taken):
            raise CheckFailed("the patrol is too short for this many batches")
        return taken


def _local(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LOCAL)


def past_day(now: datetime, *, walkers: int) -> tuple[date, list[User]]:
    """A day whose patrols are over, within reach of the session rules, and up to `walkers` people with a round on it.

    The last day with enough rounds, else the one with most.
    """
    days = [(now - timedelta(days=back)).astimezone(LOCAL).date() for back in range(LOOK_BACK_DAYS + 1)]
    over = [day for day in days if _local(day, BEGINS_AT_HOUR) + LASTS < now]
    best: tuple[date, list[User]] = (over[0], [])
    for day in over:
        found = _workers_with_round(day, walkers) if work_calendar().is_worked(day) else []
        if len(found) > len(best[1]):
            best = (day, found)
        if len(found) >= walkers:
            break
    return best


def workers_on_duty(now: datetime) -> list[User]:
    duties = Duty.objects.filter(valid__contains=now, worker__is_active=True, post__in=("leader", "worker"))
    found: dict[UUID, User] = {}
    for duty in duties.select_related("worker").order_by("grid__code", "worker__username"):
        found.setdefault(duty.worker_id, duty.worker)
    return list(found.values())


def _workers_with_round(day: date, count: int) -> list[User]:
    """Workers whose round of the day is published; plans of the week are made as far as they are needed."""
    monday = week_start_of(_local(day, 12))
    before = _local(monday, 0)
    walkers: list[User] = []
    for grid_id in Duty.objects.order_by("-grid__code").values_list("grid_id", flat=True).distinct():
        plan = inspections.plan_week(grid_id=grid_id, week_start=monday, now=before)
        inspections.publish_plan(actor=SYSTEM, plan_id=plan.pk, now=before)
        for route in Route.objects.filter(plan=plan, day=day, stops__isnull=False).select_related("worker").distinct():
            if route.worker not in walkers:
                walkers.append(route.worker)
        if len(walkers) >= count:
            break
    return walkers[:count]


def _walk(worker: User, day: date, begun: datetime, every_s: int) -> Iterator[Point]:
    """From stop to stop of the worker's round, two minutes at each; without a round, around the worker's grid."""
    stops = Stop.objects.published().filter(route__worker=worker, route__day=day).order_by("start_at")
    targets = [(stop.location.x, stop.location.y) for stop in stops] or _anywhere(worker)
    random = np.random.default_rng(worker.pk.int % 2**32)
    lon, lat = targets[0]
    standing = 0
    for seq, offset_s in enumerate(range(0, int(LASTS.total_seconds()), every_s)):
        goal_lon, goal_lat = targets[0]
        away = np.hypot(goal_lon - lon, goal_lat - lat)
        reach = STEP_DEG * every_s
        if away <= reach:
            standing += every_s
            if standing >= STANDS_S:
                targets, standing = [*targets[1:], targets[0]], 0
        else:
            lon, lat = lon + (goal_lon - lon) / away * reach, lat + (goal_lat - lat) / away * reach
        noise = random.normal(0, 2e-5, 2)
        yield {
            "seq": seq, "at": (begun + timedelta(seconds=offset_s)).isoformat(), "lon": round(lon + noise[0], 7),
            "lat": round(lat + noise[1], 7), "crs": "wgs84", "accuracy_m": round(4 + 6 * random.random(), 1),
            "speed_mps": round(1.2 * random.random(), 2), "bearing_deg": round(360 * random.random(), 1),
            "battery": 0.8,
        }  # fmt: skip


def _anywhere(worker: User) -> list[tuple[float, float]]:
    grid_id = Duty.objects.filter(worker=worker).values_list("grid_id", flat=True)[0]
    duties = places.duties_in_week(grid_id, week_start_of(timezone.now()))
    return [(duty.place.location.x, duty.place.location.y) for duty in duties[:20]]

"""What every form of a round sheet says: which half days, and each stop in words of one language.

A booked visit leads to somebody's home. Its address, its note, and the resident's name and phone are in a sheet only
when they are handed in as `Contacts`, which somebody has asked for with a reason (`inspections.contacts`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from backend.core.clock import LOCAL
from backend.inspections.contacts import StopContact
from backend.inspections.models import Route, Stop
from backend.inspections.overview import PlanDetail
from backend.inspections.texts import stop_reason
from maps.console.plan_facts import stop_name
from maps.reports.errors import NotInPlan

Contacts = Mapping[UUID, StopContact]
NO_CONTACTS: Final[Contacts] = {}
DAYS: Final = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
WORDS: Final = {
    "zh": {
        "title": "每周走访单", "stop": "序", "time": "时间", "where": "走访对象", "address": "地址", "why": "原因",
        "walk": "步行 {km:.1f} 公里，{minutes} 分钟", "booked": "预约 {window}", "none": "本周没有安排走访。",
        "made": "第 {version} 版，{at} 生成", "contact": "联系人", "phone": "电话", "note": "备注",
        "day": "日期", "worker": "走访人", "half_day": "班次", "grid": "网格",
        "private": "含居民个人信息，仅限办理本次走访使用，用后销毁。",
    },
    "en": {
        "title": "Weekly round", "stop": "No.", "time": "Time", "where": "Visit", "address": "Address", "why": "Why",
        "walk": "on foot {km:.1f} km, {minutes} min", "booked": "booked {window}",
        "none": "No visits are planned this week.", "made": "version {version}, made {at}", "contact": "Contact",
        "phone": "Phone", "note": "Note", "day": "Day", "worker": "Worker", "half_day": "Half day", "grid": "Grid",
        "private": "Holds residents' personal data: for these visits only, to be destroyed afterwards.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StopText:
    """One stop in words; `contact`, `phone` and `note` are empty unless they were asked for."""

    seq: str
    clock: str
    name: str
    address: str
    booked: str
    why: str
    contact: str
    phone: str
    note: str

    @property
    def details(self) -> str:
        """What belongs to a booked visit, in one line."""
        return " · ".join(part for part in (self.booked, self.contact, self.phone, self.note) if part)


def narrowed(detail: PlanDetail, *, day: date | None, worker: UUID | None) -> PlanDetail:
    """The plan with the half days of one day, of one worker, or of both alone; those without stops are left out.

    Raises NotInPlan for a day outside the week and for somebody without a half day in the plan.
    """
    if day is not None and not timedelta() <= day - detail.plan.week_start < timedelta(days=7):
        raise NotInPlan(f"the plan is of the week of {detail.plan.week_start}; name a day of it", field="day")
    if worker is not None and all(route.worker_id != worker for route in detail.routes):
        raise NotInPlan("this person has no half day in the plan; name one of its workers", field="worker")
    routes = [
        route
        for route in detail.routes
        if route.stops.all() and day in (None, route.day) and worker in (None, route.worker_id)
    ]
    return replace(detail, routes=sorted(routes, key=lambda one: (one.shift.lower, one.worker.username)))


def title_of(detail: PlanDetail, language: str) -> str:
    grid = detail.plan.grid
    community = grid.parent.name if grid.parent else ""
    return f"{WORDS[language]['title']} · {community} {grid.name} · {detail.plan.week_start:%Y-%m-%d}"


def made_text(detail: PlanDetail, language: str) -> str:
    made = detail.plan.created_at.astimezone(LOCAL)
    return WORDS[language]["made"].format(version=detail.plan.version, at=f"{made:%Y-%m-%d %H:%M}")


def half_day_text(route: Route, language: str) -> str:
    """`Monday 11-16 08:00–12:00`."""
    return f"{DAYS[language][route.day.weekday()]} {route.day:%m-%d} {shift_text(route)}"


def shift_text(route: Route) -> str:
    start, end = (moment.astimezone(LOCAL) for moment in (route.shift.lower, route.shift.upper))
    return f"{start:%H:%M}–{end:%H:%M}"


def walk_text(route: Route, language: str) -> str:
    return WORDS[language]["walk"].format(km=route.travel_m / 1000, minutes=round(route.travel_s / 60))


def stop_text(stop: Stop, *, language: str, contacts: Contacts) -> StopText:
    contact = contacts.get(stop.pk)
    start, leave = (moment.astimezone(LOCAL) for moment in (stop.start_at, stop.leave_at))
    name = stop_name(stop)[language]
    place_address = stop.place.address_text if stop.place is not None and stop.place.address_text != name else ""
    return StopText(
        seq=str(stop.seq),
        clock=f"{start:%H:%M}–{leave:%H:%M}",
        name=name,
        address=contact.address if contact else place_address,
        booked=_booked(stop, language),
        why=stop_reason(stop.reason_facts, stop.reason_code)[0 if language == "zh" else 1],
        contact=contact.name if contact else "",
        phone=contact.phone if contact else "",
        note=contact.note if contact else "",
    )


def _booked(stop: Stop, language: str) -> str:
    if stop.appointment is None:
        return ""
    window = stop.appointment.window
    start, end = (moment.astimezone(LOCAL) for moment in (window.lower, window.upper))
    return WORDS[language]["booked"].format(window=f"{start:%H:%M}–{end:%H:%M}")

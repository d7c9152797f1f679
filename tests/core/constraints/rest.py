"""Rooms with a table or two: core, notify, stats and sync."""

from django.db import models

from backend.core import audit, outbox
from backend.core.ids import uuid7
from backend.core.models import AuditEntry, CalendarDay
from backend.notify.models import Notification
from backend.stats.models import CoverageMap
from backend.sync.models import Receipt
from tests.core.constraints.breaking import Break, changed, doubled
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "calendar_day_kind": changed(CalendarDay, kind="party"),
    "receipt_once_a_user": doubled(Receipt),
    "notified_once_a_message": doubled(Notification),
    "one_coverage_map_at_a_time": doubled(CoverageMap, {"state": "queued"}),
    "coverage_map_runs_under_a_claim": changed(CoverageMap, {"state": "queued"}, state="running"),
    "coverage_map_ends_at_a_moment": changed(CoverageMap, {"state": "queued"}, ended_at=lambda row: row.asked_at),
    "coverage_map_done_has_answer": changed(CoverageMap, {"state": "done"}, answer=None),
}
# A trigger refuses changing and deleting a row of these tables.
APPEND_ONLY: dict[str, type[models.Model]] = {
    "audit_append_only": AuditEntry,
}


def add_rows(scene: Scene) -> None:
    now, leader = scene.now, scene.leader
    CalendarDay.objects.create(date=now.date(), kind="holiday", name_zh="节")
    audit.record("look", actor_id=None, role="city", subject_kind="case", subject_id=scene.case.pk, now=now)
    outbox.owe("case_changed", str(scene.case.pk), now=now)
    Notification.objects.create(outbox_id=1, user=leader, channel="in_app", topic="x", created_at=now)
    Receipt.objects.create(
        op_id=uuid7(), user=leader, kind="visit", payload_digest=b"x", outcome="applied", received_at=now
    )
    looked = {
        "area": scene.community, "week_start": now.date(), "weeks": 1, "unseen_days": 30, "role": "street",
        "area_paths": ["x."], "asked_by": leader, "asked_at": now,
    }  # fmt: skip
    CoverageMap.objects.create(**looked)
    CoverageMap.objects.create(**looked, state="done", ended_at=now, answer=b"x")

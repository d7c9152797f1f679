"""Celery application of the `worker` and `beat` processes.

Tasks carry ids only, may run twice, late or side by side; the rows they work on say what is still to do
(DESIGN "Every change once"), so a lost broker loses time, never work.
"""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("gridward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "relay-outbox": {"task": "backend.notify.tasks.relay_outbox", "schedule": 10.0},
    "escalate-overdue": {"task": "backend.cases.tasks.escalate_overdue", "schedule": 60.0},
    "resume-suspended": {"task": "backend.cases.tasks.resume_suspended", "schedule": 60.0},
    "settle-photos": {"task": "backend.cases.tasks.drop_unclaimed_photos", "schedule": crontab(minute="17")},
    "plan-monday": {
        "task": "backend.inspections.tasks.plan_current_week",
        "schedule": crontab(minute="30", hour="4", day_of_week="mon"),
    },
    "plan-due-weeks": {"task": "backend.inspections.tasks.plan_due_weeks", "schedule": crontab(minute="35")},
    "free-stuck-plans": {"task": "backend.inspections.tasks.free_stuck_plans", "schedule": 120.0},
    "free-stuck-proposals": {"task": "backend.places.tasks.free_stuck_proposals", "schedule": 60.0},
    "mark-missed-stops": {"task": "backend.inspections.tasks.mark_missed_stops", "schedule": crontab(minute="5")},
    "take-out-moved-stops": {"task": "backend.inspections.tasks.take_out_moved_stops", "schedule": 60.0},
    "switch-divisions": {"task": "backend.inspections.tasks.switch_divisions", "schedule": 15.0},
    "close-forgotten-sessions": {
        "task": "backend.patrols.tasks.close_forgotten_sessions",
        "schedule": crontab(minute="*/15"),
    },
    "keep-track-partitions": {
        "task": "backend.patrols.tasks.keep_track_partitions",
        "schedule": crontab(minute="20", hour="3"),
    },
    "forget-expired": {"task": "backend.accounts.tasks.forget_expired", "schedule": crontab(minute="40")},
    "tend-coverage-maps": {"task": "backend.stats.tasks.tend_coverage_maps", "schedule": 60.0},
    "watch-duty": {"task": "backend.areas.tasks.watch_duty", "schedule": 300.0},
    "sweep-duty-changes": {"task": "backend.inspections.tasks.sweep_duty_changes", "schedule": 60.0},
    "watch-calendar": {"task": "backend.core.tasks.watch_calendar", "schedule": crontab(minute="0", hour="8")},
}

"""The doors of this room for writes; each one is a transaction of its own."""

from backend.inspections.booking import (
    Booked,
    NewBooking,
    Offer,
    book,
    cancel_appointment,
    free_slots,
    move_appointment,
    offer_slots,
    release_appointments,
    slots_instead,
)
from backend.inspections.capacity import Slot
from backend.inspections.due_weeks import ask_for_due_weeks
from backend.inspections.plans import plan_week, publish_plan, request_plans, run_job_grid
from backend.inspections.seeing import see_plan
from backend.inspections.tracking import (
    Recorded,
    planned_and_walked,
    recognise_visited,
    record_plain,
    record_positions,
    record_tracker_fixes,
)
from backend.inspections.visits import NewVisit, mark_missed_stops, record_visit, settle_case_stops, skip_stop

__all__ = [
    "Booked",
    "NewBooking",
    "NewVisit",
    "Offer",
    "Recorded",
    "Slot",
    "ask_for_due_weeks",
    "book",
    "cancel_appointment",
    "free_slots",
    "mark_missed_stops",
    "move_appointment",
    "offer_slots",
    "plan_week",
    "planned_and_walked",
    "publish_plan",
    "recognise_visited",
    "record_plain",
    "record_positions",
    "record_tracker_fixes",
    "record_visit",
    "release_appointments",
    "request_plans",
    "run_job_grid",
    "see_plan",
    "settle_case_stops",
    "skip_stop",
    "slots_instead",
]

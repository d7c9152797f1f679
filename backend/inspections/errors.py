"""Refusals of plans, appointments and visits."""

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound


class PlanNotFound(NotFound):
    """No such plan, or outside the actor's areas."""

    code = "plan_not_found"


class JobNotFound(NotFound):
    """No such plan job, or outside the actor's areas."""

    code = "job_not_found"


class StopNotFound(NotFound):
    """No such stop, or on somebody else's route."""

    code = "stop_not_found"


class AppointmentNotFound(NotFound):
    """No such appointment, or another person's."""

    code = "appointment_not_found"


class MayNotPlan(NotAllowed):
    """This role reads plans but doesn't make them."""

    code = "may_not_plan"


class NotAMonday(Invalid):
    """A week is named by its Monday."""

    code = "not_a_monday"


class UnknownGrid(Invalid):
    """A grid code that is none, or is outside the actor's areas; `grid_code` names it."""

    code = "unknown_grid"


class PlanningUnderWay(Conflict):
    """Somebody plans this grid and week just now; look again in a moment."""

    code = "planning_under_way"


class ReplanNotFound(NotFound):
    """No such proposal, or outside the actor's areas."""

    code = "replan_not_found"


class PlanNotInForce(Conflict):
    """Only the plan in force can be mended; `state` says what this one is."""

    code = "plan_not_in_force"


class ReplanStale(Conflict):
    """The week has moved on since this proposal: another plan is in force, a stop was reached, or it is too old."""

    code = "replan_stale"


class ReplanImpossible(Conflict):
    """What the proposal is about finds no place in the week; `reason` says which constraint stands in its way."""

    code = "replan_impossible"


class NothingToReplan(Invalid):
    """The case, stop or worker that is named asks for no change of this week; `field` names it."""

    code = "nothing_to_replan"


class PlanNotPublishable(Conflict):
    """Only a finished draft can be published; `state` says what this one is."""

    code = "plan_not_publishable"


class StaleDraft(Conflict):
    """The world has moved on since this draft (a newer plan, an appointment): plan again."""

    code = "stale_draft"


class NotBookable(Invalid):
    """This matter is no home service of the grid."""

    code = "not_bookable"


class NobodyServes(Invalid):
    """No grid serves this point with home visits; the community desk helps by phone."""

    code = "nobody_serves"


class UnknownSlot(Invalid):
    """The window is none of the windows that are offered."""

    code = "unknown_slot"


class SlotTaken(Conflict):
    """Somebody was faster, or the day has filled up; `next` lists free windows."""

    code = "slot_taken"


class AppointmentOver(Conflict):
    """The appointment is done, missed or cancelled already, or has begun."""

    code = "appointment_over"


class TooLateToMove(Conflict):
    """The half day of this visit has begun, or somebody was there already: it can only be called off by phone."""

    code = "too_late_to_move"


class VisitUnderWay(Conflict):
    """The window of the booked visit has begun, or somebody is there: the case is corrected after it."""

    code = "visit_under_way"


class VisitToRebook(Conflict):
    """The booked visit can't go along with the correction; who says `rebook` gives it back.

    `reason` is no_room, no_team or no_visit; `start` and `end` its window, `grid` where the case would go, `next` what
    is free there.
    """

    code = "visit_to_rebook"


class StopEnded(Conflict):
    """The stop has its visit already; `state` says how it ended."""

    code = "stop_ended"


class TimeNotPlausible(Invalid):
    """The record lies in the future or too far back."""

    code = "time_not_plausible"


class TrackNotShown(NotAllowed):
    """The role sees figures of a walk, not the way itself."""

    code = "track_not_shown"
